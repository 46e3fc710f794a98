import {
  decimalText,
  type PrimitiveType,
  TableError,
  timeText,
  typeName,
  type Value,
} from '@spillway/core'

/** An identifier, whatever characters it holds. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A string literal. SQL text cannot hold NUL, so such text travels as hexadecimal. */
export function quoteText(text: string): string {
  if (!text.includes('\0')) return `'${text.replaceAll("'", "''")}'`
  return `decode(${quoteBytes(new TextEncoder().encode(text))})`
}

function quoteBytes(bytes: Uint8Array): string {
  return `from_hex('${Buffer.from(bytes).toString('hex')}')`
}

/** A list of file paths for read_parquet. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(', ')}]`
}

/** `value` as an expression of exactly `type`. */
export function quoteValue(value: Value, type: PrimitiveType): string {
  if (typeof type === 'string') return quotePrimitive(value, type)
  switch (type.kind) {
    case 'fixed':
      return quoteBytes(value as Uint8Array)
    case 'decimal':
      return `'${decimalText(value as bigint, type.scale)}'::DECIMAL(${type.precision},${type.scale})`
    default:
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `a value of type ${typeName(type)} has no literal`,
      )
  }
}

function quotePrimitive(value: Value, type: Extract<PrimitiveType, string>): string {
  switch (type) {
    case 'boolean':
      return value ? 'TRUE' : 'FALSE'
    case 'int':
      return `'${value}'::INTEGER`
    case 'long':
      return `'${value}'::BIGINT`
    case 'float':
      return `'${floatText(value as number)}'::FLOAT`
    case 'double':
      return `'${floatText(value as number)}'::DOUBLE`
    case 'date':
      return `(DATE '1970-01-01' + (${value}))`
    case 'time':
      return `'${timeText(value as bigint)}'::TIME`
    case 'timestamp':
      return `make_timestamp('${value}'::BIGINT)`
    case 'timestamptz':
      return `make_timestamptz('${value}'::BIGINT)`
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return `make_timestamp_ns('${value}'::BIGINT)`
    case 'string':
      return quoteText(value as string)
    case 'binary':
      return quoteBytes(value as Uint8Array)
    case 'uuid':
      return `'${Buffer.from(value as Uint8Array).toString('hex')}'::UUID`
  }
}

/** A text keeps the sign of a zero, which neither `String` nor DuckDB's own literals do. */
function floatText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value)
}
