import { type DataType, type Field, TableError, typeName } from '@spillway/core'
import {
  Field as ArrowField,
  type DataType as ArrowType,
  Binary,
  Bool,
  type Data,
  DateDay,
  Decimal,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  makeBuilder,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimeMicrosecond,
  type Timestamp,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
} from 'apache-arrow'
import { isVoid } from '../sql/sql-type.js'
import type { Row, RowAnswer, RowValue } from './row.js'

/** Exact rows as an Arrow table, a record batch for each block that was read. Collects: bound it with `limit`. */
export async function toArrow({ fields, rows }: RowAnswer): Promise<Table> {
  const schema = arrowSchema(fields)
  const batches: RecordBatch[] = []
  for await (const block of rows) batches.push(arrowBatch(fields, block, schema))
  return new Table(schema, batches)
}

/** Batches of `arrowBatch` as one table, which may be none. */
export function arrowTable(fields: readonly Field[], batches: RecordBatch[]): Table {
  return new Table(arrowSchema(fields), batches)
}

/** Rows of one block as a record batch. */
export function arrowBatch(
  fields: readonly Field[],
  rows: readonly Row[],
  schema: Schema = arrowSchema(fields),
): RecordBatch {
  const children = fields.map((field, i) =>
    arrowData(
      field.type,
      rows.map(row => row[i] ?? null),
    ),
  )
  const struct = new Struct(schema.fields)
  return new RecordBatch(
    schema,
    makeData({ type: struct, length: rows.length, nullCount: 0, children }),
  )
}

/** What `arrowBatch` makes of these fields: a field each, whose types keep every value as it is. */
export function arrowSchema(fields: readonly Field[]): Schema {
  return new Schema(fields.map(arrowField))
}

function arrowField(field: Field): ArrowField {
  const nullable = field.nullable || isNullType(field.type)
  return new ArrowField(field.name, arrowType(field.type), nullable)
}

function isNullType(type: DataType): boolean {
  return typeof type === 'object' && type.kind === 'opaque' && isVoid(type.name)
}

function arrowType(type: DataType): ArrowType {
  if (typeof type === 'string') return primitiveType(type)
  switch (type.kind) {
    case 'decimal':
      return new Decimal(type.scale, type.precision, 128)
    case 'fixed':
      return new FixedSizeBinary(type.length)
    case 'list':
      return new List(arrowField({ ...type.element, name: 'item' }))
    case 'map': {
      const entries = new Struct<{ key: ArrowType; value: ArrowType }>([
        new ArrowField('key', arrowType(type.key.type), false),
        new ArrowField('value', arrowType(type.value.type), type.value.nullable),
      ])
      return new Map_(new ArrowField('entries', entries, false))
    }
    case 'struct':
      return new Struct(type.fields.map(arrowField))
    case 'opaque':
      if (isVoid(type.name)) return new Null()
      if (type.name === 'variant') return new Utf8()
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `values of type ${typeName(type)} have no Arrow type here`,
      )
  }
}

function primitiveType(type: Extract<DataType, string>): ArrowType {
  switch (type) {
    case 'boolean':
      return new Bool()
    case 'int':
      return new Int32()
    case 'long':
      return new Int64()
    case 'float':
      return new Float32()
    case 'double':
      return new Float64()
    case 'date':
      return new DateDay()
    case 'time':
      return new TimeMicrosecond()
    case 'timestamp':
      return new TimestampMicrosecond()
    case 'timestamptz':
      return new TimestampMicrosecond('UTC')
    case 'timestamp_ns':
      return new TimestampNanosecond()
    case 'timestamptz_ns':
      return new TimestampNanosecond('UTC')
    case 'string':
      return new Utf8()
    case 'binary':
      return new Binary()
    case 'uuid':
      return new FixedSizeBinary(16)
  }
}

/** Buffers of one column. Nested types and timestamps are laid out here: the builders round the latter to milliseconds. */
function arrowData(type: DataType, values: readonly RowValue[]): Data {
  const arrow = arrowType(type)
  if (typeof type === 'string') {
    return type.startsWith('timestamp')
      ? timestampData(arrow, values)
      : builtData(arrow, type, values)
  }
  switch (type.kind) {
    case 'struct':
      return structData(arrow as Struct, type.fields, values)
    case 'list':
      return listData(arrow as List, type.element, values)
    case 'map':
      return mapData(arrow as Map_, type, values)
    default:
      return builtData(arrow, type, values)
  }
}

function structData(type: Struct, fields: readonly Field[], values: readonly RowValue[]): Data {
  const children = fields.map((field, i) => {
    const column = values.map(value => (value as readonly RowValue[] | null)?.[i] ?? null)
    return arrowData(field.type, column)
  })
  return makeData({ type, length: values.length, children, ...nulls(values) })
}

function listData(type: List, element: Field, values: readonly RowValue[]): Data {
  const lists = values as readonly (readonly RowValue[] | null)[]
  const child = arrowData(
    element.type,
    lists.flatMap(list => list ?? []),
  )
  const valueOffsets = offsetsOf(lists)
  return makeData({ type, length: values.length, valueOffsets, child, ...nulls(values) })
}

function mapData(
  type: Map_,
  { key, value }: { readonly key: Field; readonly value: Field },
  values: readonly RowValue[],
): Data {
  const maps = values as readonly (readonly (readonly RowValue[])[] | null)[]
  const pairs = maps.flatMap(map => map ?? [])
  const children = [key, value].map((field, i) =>
    arrowData(
      field.type,
      pairs.map(pair => pair[i] ?? null),
    ),
  )
  const entries = type.children[0]!.type as Struct
  const child = makeData({ type: entries, length: pairs.length, children })
  const valueOffsets = offsetsOf(maps)
  return makeData({ type, length: values.length, valueOffsets, child, ...nulls(values) })
}

function timestampData(type: ArrowType, values: readonly RowValue[]): Data {
  const data = BigInt64Array.from(values, value => (value as bigint | null) ?? 0n)
  return makeData({ type: type as Timestamp, length: values.length, data, ...nulls(values) })
}

function builtData(arrow: ArrowType, type: DataType, values: readonly RowValue[]): Data {
  const builder = makeBuilder({ type: arrow, nullValues: [null, undefined] })
  for (const value of values) builder.append(value === null ? null : builtValue(value, type))
  return builder.finish().flush()
}

function builtValue(value: RowValue, type: DataType): unknown {
  // The builder of dates takes milliseconds and stores days.
  if (type === 'date') return (value as number) * 86_400_000
  const isDecimal = typeof type === 'object' && type.kind === 'decimal'
  return isDecimal ? decimalWords(value as bigint) : value
}

/** Validity as Arrow has it: a bit a row, least significant first. */
function nulls(values: readonly RowValue[]): {
  readonly nullCount: number
  readonly nullBitmap: Uint8Array
} {
  const nullBitmap = new Uint8Array((values.length + 7) >> 3)
  let nullCount = 0
  for (const [row, value] of values.entries()) {
    if (value === null) nullCount++
    else nullBitmap[row >> 3]! |= 1 << (row & 7)
  }
  return { nullCount, nullBitmap }
}

function offsetsOf(lists: readonly (readonly unknown[] | null)[]): Int32Array {
  const offsets = new Int32Array(lists.length + 1)
  for (const [row, list] of lists.entries()) offsets[row + 1] = offsets[row]! + (list?.length ?? 0)
  return offsets
}

/** Arrow's 128-bit decimals are four 32-bit words, least significant first. */
function decimalWords(unscaled: bigint): Uint32Array {
  const bits = BigInt.asUintN(128, unscaled)
  return Uint32Array.from({ length: 4 }, (_, i) => Number((bits >> BigInt(32 * i)) & 0xffffffffn))
}
