import { inSlices, type Steps, TableError } from '@spillway/core'
import {
  AvroCursor,
  type AvroObject,
  type AvroType,
  compileAvroReader,
  parseAvroSchema,
  weightOf,
} from '@spillway/encoding'
import { bigEndian } from '../schema/big-endian.js'
import { damaged, requireEnd } from './avro-block.js'
import type { LogBlock } from './log-file.js'

/** A key to delete. */
export interface DeletedKey {
  readonly recordKey: string
  /** One value an ordering field; absent where the delete holds whatever the order. */
  readonly ordering?: readonly unknown[]
}

/** org.apache.hudi.avro.model.HoodieDeleteRecord: the block does not carry its schema. */
const WRAPPERS: readonly (readonly [string, string])[] = [
  ['BooleanWrapper', 'boolean'],
  ['IntWrapper', 'int'],
  ['LongWrapper', 'long'],
  ['FloatWrapper', 'float'],
  ['DoubleWrapper', 'double'],
  ['BytesWrapper', 'bytes'],
  ['StringWrapper', 'string'],
  ['DateWrapper', 'int'],
  ['DecimalWrapper', 'bytes'],
  ['TimeMicrosWrapper', 'long'],
  ['TimestampMicrosWrapper', 'long'],
]
/** The last branch of ordering values inside arrays, and only there: the order of branches is part of the format. */
const LAST_OF_ARRAY = ['LocalDateWrapper', 'int'] as const

const wrappers = [...WRAPPERS, LAST_OF_ARRAY].map(([wrapper, type]) => ({
  wrapper,
  read: compileAvroReader(wrapperType(wrapper, type)),
}))

function wrapperType(name: string, type: string): AvroType {
  return parseAvroSchema(
    JSON.stringify({ type: 'record', name, fields: [{ name: 'value', type }] }),
  )
}

/** Two nullable texts and the branch of the ordering value; of ordering values, each its branch. */
const KEY_WEIGHT = weightOf(3, 4)
const ORDERING_WEIGHT = weightOf(1, 2)

/** The keys of a delete block of version 3: Avro. Versions 1 and 2 hold Java objects. */
export async function readDeleteBlock(
  block: LogBlock,
  signal?: AbortSignal,
): Promise<readonly DeletedKey[]> {
  const bytes = await block.content.read(0, block.content.size, signal)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8) throw damaged(block, `its content has ${bytes.length} bytes`)
  const version = view.getInt32(0)
  if (version !== 3) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `delete block version ${version} in ${block.path}`,
      {
        context: { path: block.path },
      },
    )
  }
  const length = view.getInt32(4)
  if (length < 0 || length + 8 !== bytes.length) {
    throw damaged(block, `its keys have ${bytes.length - 8} bytes, not ${length}`)
  }
  const cursor = new AvroCursor(bytes.subarray(8, 8 + length), block.content.budgets)
  return inSlices(keysOf(cursor, block))
}

/** Keys that are read at once: some tenths of a millisecond. */
const KEYS_IN_A_STEP = 256

function* keysOf(cursor: AvroCursor, block: LogBlock): Steps<readonly DeletedKey[]> {
  const keys: DeletedKey[] = []
  const next = () => cursor.readBlockCount(KEY_WEIGHT)
  for (let count = next(); count > 0; count = next()) {
    for (let i = 0; i < count; i++) {
      keys.push(deletedKey(cursor, block))
      if (keys.length % KEYS_IN_A_STEP === 0) yield
    }
  }
  requireEnd(cursor, block, 'the list of keys')
  return keys
}

function deletedKey(cursor: AvroCursor, block: LogBlock): DeletedKey {
  const recordKey = nullableString(cursor)
  nullableString(cursor)
  if (recordKey === null) throw damaged(block, 'a delete names no record key')
  const branch = cursor.readBranch(WRAPPERS.length + 2)
  if (branch === 0) return { recordKey }
  const values =
    branch <= WRAPPERS.length ? [wrapped(cursor, branch)] : arrayOfWrapped(cursor, block)
  return isNatural(values)
    ? { recordKey }
    : { recordKey, ordering: values.map(v => v?.value ?? null) }
}

interface WrappedValue {
  readonly wrapper: string
  readonly value: unknown
}

function nullableString(cursor: AvroCursor): string | null {
  return cursor.readBranch(2) === 0 ? null : cursor.readString()
}

function wrapped(cursor: AvroCursor, branch: number): WrappedValue {
  const { wrapper, read } = wrappers[branch - 1]!
  const { value } = read(cursor) as AvroObject
  return {
    wrapper,
    value:
      wrapper === 'DecimalWrapper'
        ? { unscaled: bigEndian(value as Uint8Array), scale: 15 }
        : value,
  }
}

function arrayOfWrapped(cursor: AvroCursor, block: LogBlock): readonly (WrappedValue | null)[] {
  if (cursor.readBranch(2) === 0)
    throw damaged(block, 'a delete has an empty list of ordering values')
  const values: (WrappedValue | null)[] = []
  const next = () => cursor.readBlockCount(ORDERING_WEIGHT)
  for (let count = next(); count > 0; count = next()) {
    for (let i = 0; i < count; i++) {
      const branch = cursor.readBranch(WRAPPERS.length + 2)
      values.push(branch === 0 ? null : wrapped(cursor, branch))
    }
  }
  return values
}

/** The integer 0 is Hudi's word for "no ordering value": such a delete holds against any row before it. */
function isNatural(values: readonly (WrappedValue | null)[]): boolean {
  return values.every(value => value?.wrapper === 'IntWrapper' && value.value === 0)
}
