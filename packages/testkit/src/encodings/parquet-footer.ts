import {
  type DataType,
  encodeWideDecimal,
  type Field,
  isPrimitive,
  type PrimitiveType,
  type Value,
} from '@spillway/core'
import { icebergBytes } from './single-value.js'
import { ThriftWriter } from './thrift-writer.js'

/** What a row group says of one leaf. */
export interface ParquetChunkStats {
  readonly nullCount?: number
  /** PLAIN-encoded, without a length. */
  readonly min?: Uint8Array | undefined
  readonly max?: Uint8Array | undefined
}

export interface ParquetGroup {
  readonly rowCount: number
  /** Statistics by field id; a leaf that is not there has none. */
  readonly columns: ReadonlyMap<number, ParquetChunkStats>
}

const PHYSICAL = {
  boolean: 0,
  int32: 1,
  int64: 2,
  float: 4,
  double: 5,
  bytes: 6,
  fixed: 7,
} as const
const UNITS = { micros: 2, nanos: 3 } as const
const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31)
const REPETITION = { optional: 1, repeated: 2 } as const

/** A Parquet file of a footer alone, without pages: what planning reads. Every field is optional; ids are written if asked. */
export function parquetFooterFile(
  fields: readonly Field[],
  groups: readonly ParquetGroup[],
  options: { readonly ids?: boolean } = {},
): Uint8Array {
  const leaves: Leaf[] = []
  const schema: SchemaElement[] = [{ name: 'root', children: fields.length }]
  for (const field of fields) addElements(field, [], { schema, leaves, ids: options.ids === true })
  const out = new ThriftWriter().int(1, 2).list(2, 'struct', schema.length)
  for (const element of schema) writeElement(out, element)
  out.int(
    3,
    groups.reduce((sum, { rowCount }) => sum + rowCount, 0),
    'i64',
  )
  out.list(4, 'struct', groups.length)
  for (const group of groups) writeGroup(out, group, leaves)
  // Column orders: the one of each leaf's type.
  out.list(7, 'struct', leaves.length)
  for (const _ of leaves) out.open().empty(1).end()
  return framed(out.finish())
}

/** A value as statistics spell it (parquet.thrift, "Statistics"): PLAIN, without a length. */
export function parquetPlain(value: Value, type: PrimitiveType): Uint8Array {
  if (typeof value !== 'bigint') return icebergBytes(value, type)
  if (physicalOf(type).kind === 'int64') return new Uint8Array(BigInt64Array.of(value).buffer)
  const bytes = encodeWideDecimal(value)
  bytes[0]! ^= 0x80
  return bytes
}

/** A footer between its magic bytes, with its length. */
function framed(footer: Uint8Array): Uint8Array {
  const file = new Uint8Array(footer.length + 12)
  file.set(MAGIC)
  file.set(footer, 4)
  new DataView(file.buffer).setUint32(4 + footer.length, footer.length, true)
  file.set(MAGIC, 8 + footer.length)
  return file
}

interface SchemaElement {
  readonly name: string
  readonly children?: number
  readonly type?: PrimitiveType
  readonly repetition?: keyof typeof REPETITION | undefined
  readonly isList?: boolean
  readonly id?: number
}

interface Leaf {
  readonly id: number
  readonly path: readonly string[]
  readonly type: PrimitiveType
}

interface Tree {
  readonly schema: SchemaElement[]
  readonly leaves: Leaf[]
  readonly ids: boolean
}

function addElements(field: Field, above: readonly string[], tree: Tree): void {
  const { name, type, id } = field
  const numbered = tree.ids ? { id } : {}
  const path = [...above, name]
  const repetition = 'optional'
  if (isPrimitive(type)) {
    tree.schema.push({ name, type, repetition, ...numbered })
    tree.leaves.push({ id, path, type })
  } else if (type.kind === 'struct') {
    tree.schema.push({ name, children: type.fields.length, repetition, ...numbered })
    for (const child of type.fields) addElements(child, path, tree)
  } else if (type.kind === 'list') {
    tree.schema.push({ name, children: 1, repetition, isList: true, ...numbered })
    tree.schema.push({ name: 'list', children: 1, repetition: 'repeated' })
    addElements(type.element, [...path, 'list'], tree)
  } else throw new Error('maps are not written here')
}

function writeElement(out: ThriftWriter, element: SchemaElement): void {
  out.open()
  const physical = element.type === undefined ? undefined : physicalOf(element.type)
  if (physical !== undefined) out.int(1, PHYSICAL[physical.kind])
  if (physical?.length !== undefined) out.int(2, physical.length)
  if (element.repetition !== undefined) out.int(3, REPETITION[element.repetition])
  out.bytes(4, element.name)
  if (element.children !== undefined) out.int(5, element.children)
  if (element.id !== undefined) out.int(9, element.id)
  if (element.isList) out.begin(10).empty(3).end()
  if (element.type !== undefined) writeLogicalType(out, element.type)
  out.end()
}

function physicalOf(type: DataType): {
  readonly kind: keyof typeof PHYSICAL
  readonly length?: number | undefined
} {
  if (typeof type === 'object') {
    if (isVoid(type)) return { kind: 'int32' }
    if (type.kind === 'fixed') return { kind: 'fixed', length: type.length }
    if (type.kind !== 'decimal') throw new Error(`no Parquet type for ${type.kind}`)
    return type.precision > 18 ? { kind: 'fixed', length: 16 } : { kind: 'int64' }
  }
  switch (type) {
    case 'boolean':
    case 'float':
    case 'double':
      return { kind: type }
    case 'int':
    case 'date':
      return { kind: 'int32' }
    case 'string':
    case 'binary':
      return { kind: 'bytes' }
    case 'uuid':
      return { kind: 'fixed', length: 16 }
    default:
      return { kind: 'int64' }
  }
}

function isVoid(type: DataType): boolean {
  return typeof type === 'object' && type.kind === 'opaque' && type.name === 'void'
}

/** The LogicalType union of parquet.thrift, where the physical type alone does not say it. */
function writeLogicalType(out: ThriftWriter, type: PrimitiveType): void {
  if (isVoid(type)) out.begin(10).empty(11).end()
  if (typeof type === 'object') {
    if (type.kind !== 'decimal') return
    out.begin(10).begin(5).int(1, type.scale).int(2, type.precision).end().end()
    return
  }
  const simple = { string: 1, date: 6, uuid: 14 }[type as string]
  if (simple !== undefined) out.begin(10).empty(simple).end()
  if (type === 'time') writeTime(out, 7, { utc: false, unit: 'micros' })
  if (type.startsWith('timestamp')) {
    const unit = type.endsWith('_ns') ? 'nanos' : 'micros'
    writeTime(out, 8, { utc: type.startsWith('timestamptz'), unit })
  }
}

function writeTime(
  out: ThriftWriter,
  member: number,
  { utc, unit }: { readonly utc: boolean; readonly unit: keyof typeof UNITS },
): void {
  out.begin(10).begin(member).boolean(1, utc).begin(2).empty(UNITS[unit]).end().end().end()
}

function writeGroup(
  out: ThriftWriter,
  { rowCount, columns }: ParquetGroup,
  leaves: readonly Leaf[],
): void {
  out.open().list(1, 'struct', leaves.length)
  for (const { id, path, type } of leaves) {
    out.open().int(2, 4, 'i64').begin(3)
    out.int(1, PHYSICAL[physicalOf(type).kind]).ints(2, [0]).texts(3, path).int(4, 0)
    out.int(5, rowCount, 'i64').int(6, 0, 'i64').int(7, 0, 'i64').int(9, 4, 'i64')
    const stats = columns.get(id)
    if (stats !== undefined) writeStatistics(out, stats)
    out.end().end()
  }
  out.int(2, 0, 'i64').int(3, rowCount, 'i64').end()
}

function writeStatistics(out: ThriftWriter, { nullCount, min, max }: ParquetChunkStats): void {
  out.begin(12)
  if (nullCount !== undefined) out.int(3, nullCount, 'i64')
  if (max !== undefined) out.bytes(5, max)
  if (min !== undefined) out.bytes(6, min)
  out.end()
}
