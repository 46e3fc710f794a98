import { inSlices, Slices, TableError } from '@spillway/core'
import {
  AvroCursor,
  type AvroObject,
  type AvroType,
  avroValueSteps,
  compileAvroReader,
  parseAvroSchemaLater,
} from '@spillway/encoding'
import { LOG_HEADER, type LogBlock } from './log-file.js'

/** Records that are handed on together. */
export const RECORDS_AT_ONCE = 1024
/** A record of less is read at once: in archives one is a whole commit. */
const LONG_RECORD = 64 * 1024

/**
 * Records of an Avro data block (tech spec: version, count, then each record behind its length), some at a time and in slices.
 * `given` is the block's schema, where it has been read.
 */
export async function* readAvroBlock(
  block: LogBlock,
  {
    given,
    signal,
  }: { readonly given?: AvroType | undefined; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<readonly AvroObject[]> {
  const bytes = await block.content.read(0, block.content.size, signal)
  const type = given ?? (await blockSchema(block))
  const read = compileAvroReader(type)
  const readLong = avroValueSteps(type)
  const slices = new Slices()
  let records: AvroObject[] = []
  for (const record of recordsOf(bytes, block)) {
    const cursor = new AvroCursor(record, block.content.budgets)
    const isLong = record.length >= LONG_RECORD
    const value = isLong ? await inSlices(readLong(cursor), slices) : read(cursor)
    requireEnd(cursor, block, 'a record')
    if (value === null || typeof value !== 'object' || value instanceof Map) {
      throw damaged(block, 'a row is not an Avro record')
    }
    records.push(value as AvroObject)
    if (slices.isOverNow) await slices.pause()
    if (records.length < RECORDS_AT_ONCE) continue
    yield records
    records = []
  }
  yield records
}

export async function blockSchema(block: LogBlock): Promise<AvroType> {
  const text = block.header.get(LOG_HEADER.schema)
  if (text === undefined) throw damaged(block, 'it states no schema')
  return parseAvroSchemaLater(text, block.content.budgets)
}

/** Versions 1 to 3 differ in nothing a reader sees. */
function* recordsOf(bytes: Uint8Array, block: LogBlock): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8) throw damaged(block, `its content has ${bytes.length} bytes`)
  const version = view.getInt32(0)
  if (version < 1 || version > 3) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `Avro data block version ${version} in ${block.path}`,
      {
        context: { path: block.path },
      },
    )
  }
  const count = view.getInt32(4)
  if (count < 0) throw damaged(block, `it claims ${count} records`)
  let position = 8
  for (let i = 0; i < count; i++) {
    const length = position + 4 <= bytes.length ? view.getInt32(position) : -1
    position += 4
    if (length < 0 || position + length > bytes.length) {
      throw damaged(block, `record ${i} of ${count} is cut off`)
    }
    yield bytes.subarray(position, position + length)
    position += length
  }
  if (position !== bytes.length) {
    throw damaged(block, `${count} records end at byte ${position} of ${bytes.length}`)
  }
}

/** Bytes behind what was read would be what was not. */
export function requireEnd(cursor: AvroCursor, block: LogBlock, what: string): void {
  cursor.check()
  if (cursor.pos === cursor.bytes.length) return
  throw damaged(block, `${what} ends at byte ${cursor.pos} of ${cursor.bytes.length}`)
}

export function damaged(block: LogBlock, problem: string): TableError {
  return new TableError('TABLE_CORRUPT', `a ${block.type} block of ${block.path}: ${problem}`, {
    context: { path: block.path },
  })
}
