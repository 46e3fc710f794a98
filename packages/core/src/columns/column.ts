import { MAX_TEXT_BYTES } from '../errors/budgets.js'
import { TableError } from '../errors/errors.js'
import type { DataType } from '../schema/schema.js'
import { decodeWideDecimal, type Value } from '../schema/value.js'

/** One bit per row, least significant first, 1 = present: the Arrow validity layout. */
export type Bitmap = Uint8Array

/** boolean (0, 1), int, date. */
export interface Int32Column {
  readonly kind: 'int32'
  readonly values: Int32Array
  readonly validity?: Bitmap | undefined
}
/** float, double. */
export interface Float64Column {
  readonly kind: 'float64'
  readonly values: Float64Array
  readonly validity?: Bitmap | undefined
}
/** long, time, timestamps, decimals of at most 18 digits (unscaled). */
export interface Int64Column {
  readonly kind: 'int64'
  readonly values: BigInt64Array
  readonly validity?: Bitmap | undefined
}
/**
 * Everything whose order is the unsigned order of its bytes: string (UTF-8), binary, fixed, uuid, and decimals of
 * more than 18 digits as 16 bytes, big-endian, sign bit flipped. Offsets are signed, as in Arrow: 2 GiB a column.
 */
export interface BytesColumn {
  readonly kind: 'bytes'
  readonly offsets: Int32Array
  readonly data: Uint8Array
  readonly validity?: Bitmap | undefined
}
export type PlainColumn = Int32Column | Float64Column | Int64Column | BytesColumn
export type Column =
  | PlainColumn
  | {
      readonly kind: 'dictionary'
      readonly codes: Uint32Array
      readonly values: PlainColumn
      readonly validity?: Bitmap | undefined
    }

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** False where `row` is null. */
export function isValid(column: Column, row: number): boolean {
  const { validity } = column
  if (validity !== undefined && (validity[row >> 3]! & (1 << (row & 7))) === 0) return false
  return column.kind !== 'dictionary' || isValid(column.values, column.codes[row]!)
}

/** The bytes of one row of a BytesColumn, without copying; empty where null. */
export function readBytes(column: BytesColumn, row: number): Uint8Array {
  return column.data.subarray(column.offsets[row]!, column.offsets[row + 1]!)
}

/** One row of a BytesColumn as text. */
export function readString(column: BytesColumn, row: number): string {
  return decodeText(readBytes(column, row))
}

/** Text of UTF-8 bytes; longer than any text can be, they are refused rather than left to the engine's own error. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length <= MAX_TEXT_BYTES) return utf8.decode(bytes)
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `a text of ${bytes.length} bytes: no more than ${MAX_TEXT_BYTES} fit into one`,
  )
}

/** One row as a Value of `type`, or null. For single rows: kernels read the buffers. */
export function readValue(column: Column, row: number, type: DataType): Value | null {
  if (!isValid(column, row)) return null
  if (column.kind === 'dictionary') return readValue(column.values, column.codes[row]!, type)
  switch (column.kind) {
    case 'int32':
      return type === 'boolean' ? column.values[row] !== 0 : column.values[row]!
    case 'float64':
    case 'int64':
      return column.values[row]!
    case 'bytes':
      if (type === 'string') return readString(column, row)
      if (typeof type === 'object' && type.kind === 'decimal') {
        return decodeWideDecimal(readBytes(column, row))
      }
      return readBytes(column, row).slice()
  }
}

/** Bytes held by a column's buffers. */
export function columnByteLength(column: Column): number {
  const validity = column.validity?.byteLength ?? 0
  switch (column.kind) {
    case 'bytes':
      return column.offsets.byteLength + column.data.byteLength + validity
    case 'dictionary':
      return column.codes.byteLength + columnByteLength(column.values) + validity
    default:
      return column.values.byteLength + validity
  }
}
