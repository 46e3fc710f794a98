import type { DuckDBDataChunk, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { TableError } from '@spillway/core'
import type { Row, RowValue } from './row.js'

/** A block of rows as DuckDB hands it over, a vector a column. */
export type Chunk = DuckDBDataChunk

/** The rows of a chunk as plain values. */
export function chunkRows(chunk: Chunk): Row[] {
  return chunk.convertRows<RowValue>((value, type, convert) => plainValue(value, type, convert))
}

type Convert = (value: DuckDBValue, type: DuckDBType, converter: Convert) => RowValue

interface Nested {
  readonly items?: readonly DuckDBValue[]
  readonly entries?:
    | Readonly<Record<string, DuckDBValue>>
    | readonly { readonly key: DuckDBValue; readonly value: DuckDBValue }[]
}

interface Scalars {
  readonly bytes?: Uint8Array
  readonly days?: number
  readonly micros?: bigint
  readonly nanos?: bigint
  readonly millis?: bigint
  readonly seconds?: bigint
  readonly value?: bigint
  readonly toUint128?: () => bigint
  readonly months?: number
  readonly offset?: number | undefined
  readonly data?: Uint8Array
}

function plainValue(value: DuckDBValue, type: DuckDBType, convert: Convert): RowValue {
  if (value === null || typeof value !== 'object') return value as RowValue
  const nested = nestedValue(value as Nested, type, convert)
  return nested ?? scalarValue(value as Scalars)
}

function nestedValue(value: Nested, type: DuckDBType, convert: Convert): RowValue | undefined {
  const types = type as {
    readonly valueType?: DuckDBType
    readonly keyType?: DuckDBType
    readonly entryNames?: readonly string[]
    readonly entryTypes?: readonly DuckDBType[]
  }
  if (value.items !== undefined) {
    return value.items.map(item => convert(item, types.valueType!, convert))
  }
  if (Array.isArray(value.entries)) {
    return value.entries.map(entry => [
      convert(entry.key, types.keyType!, convert),
      convert(entry.value, types.valueType!, convert),
    ])
  }
  if (value.entries === undefined) return undefined
  const entries = value.entries as Readonly<Record<string, DuckDBValue>>
  const values = fieldValues(entries, types.entryNames!)
  return values.map((each, i) => convert(each, types.entryTypes![i]!, convert))
}

/** The client gives an object by names: of two alike it has the last alone, and `__proto__` is no member of it. */
function fieldValues(
  entries: Readonly<Record<string, DuckDBValue>>,
  names: readonly string[],
): readonly DuckDBValue[] {
  if (Object.keys(entries).length === names.length) return names.map(name => entries[name]!)
  if (new Set(names).size < names.length) throw lostValue('fields without names')
  return names.map(name => (name === '__proto__' ? prototypeOf(entries) : entries[name]!))
}

/** What became the object's prototype: null, or a value that is an object. Any other is lost. */
function prototypeOf(entries: object): DuckDBValue {
  const value: DuckDBValue = Object.getPrototypeOf(entries)
  if (value === Object.prototype) throw lostValue('a field __proto__')
  return value
}

function lostValue(field: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `a struct has ${field}, of which DuckDB's client loses the values: select the fields that are needed one by one`,
  )
}

function scalarValue(value: Scalars): RowValue {
  // Intervals, times with a zone and bit strings: no table of ours has them, a query may. Their text is exact.
  if ((value.months ?? value.offset ?? value.data) !== undefined) return String(value)
  if (value.bytes !== undefined) return value.bytes
  if (value.days !== undefined) return value.days
  if (value.toUint128 !== undefined) return uuidBytes(value.toUint128())
  const integer = value.micros ?? value.nanos ?? value.millis ?? value.seconds ?? value.value
  if (integer !== undefined) return integer
  throw new TableError('INTERNAL', `DuckDB gave a value of an unknown kind: ${String(value)}`)
}

function uuidBytes(bits: bigint): Uint8Array {
  const bytes = new Uint8Array(16)
  let rest = bits
  for (let i = 15; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}
