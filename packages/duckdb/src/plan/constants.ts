import {
  type JsonValue,
  type Literal,
  type PrimitiveType,
  parseDate,
  parseMoment,
} from '@spillway/core'

/** One node of what DuckDB's json_serialize_sql makes of an expression. */
export type Node = { readonly [key: string]: JsonValue }

/** A constant beside a column: a value, or one of those that no literal of ours says. */
export type Constant =
  | { readonly kind: 'value'; readonly literal: Literal }
  | { readonly kind: 'null' }
  | { readonly kind: 'nan' }
  /** The ends of time, which lie beyond every date or timestamp. */
  | { readonly kind: 'endOfTime'; readonly sign: 1 | -1 }

/** A constant as DuckDB compares it in `type`; undefined where that is not certain. */
export function constantOf(
  json: JsonValue | undefined,
  type: PrimitiveType | undefined,
): Constant | undefined {
  if (isNull(json)) return { kind: 'null' }
  if (type === undefined) return undefined
  const text = constantText(json)
  if (isCast(json) && text !== undefined) {
    if (isFloating(type) && /^[+-]?nan$/i.test(text)) return { kind: 'nan' }
    if (isTime(type) && /^-?infinity$/.test(text)) {
      return { kind: 'endOfTime', sign: text.startsWith('-') ? -1 : 1 }
    }
  }
  const literal = literalOf(json, type)
  return literal && { kind: 'value', literal }
}

function literalOf(json: JsonValue | undefined, type: PrimitiveType): Literal | undefined {
  const text = constantText(json)
  const number = constantNumber(json)
  if (typeof type === 'object') {
    if (number === undefined || type.kind !== 'decimal') return undefined
    const { unscaled, scale } = number
    return { value: unscaled, type: { kind: 'decimal', precision: 38, scale } }
  }
  switch (type) {
    case 'int':
    case 'long':
      return number?.scale === 0 ? { value: number.unscaled, type: 'long' } : undefined
    case 'float':
    case 'double':
      return floating(number, json, type)
    case 'string':
      return text === undefined || isCast(json) ? undefined : { value: text, type }
    case 'boolean':
      return text === 't' || text === 'f' ? { value: text === 't', type } : undefined
    case 'date': {
      const day = castText(json, 'DATE', parseDate)
      return day === undefined ? undefined : { value: day, type }
    }
    case 'timestamp':
    case 'timestamptz':
      return moment(json, type)
    case 'binary': {
      const bytes = castText(json, 'BLOB', blobOf)
      return bytes === undefined ? undefined : { value: bytes, type }
    }
    default:
      return undefined
  }
}

/** The plan prints a FLOAT with the digits that tell it from its neighbours: rounded again, it is itself. */
function floating(
  number: Decimal | undefined,
  json: JsonValue | undefined,
  type: 'float' | 'double',
): Literal | undefined {
  const value = number ? Number(`${number.unscaled}e-${number.scale}`) : constantDouble(json)
  if (value === undefined || Number.isNaN(value)) return undefined
  return { value: type === 'float' ? Math.fround(value) : value, type }
}

function moment(json: JsonValue | undefined, type: 'timestamp' | 'timestamptz') {
  const zoned = type === 'timestamptz'
  const parsed = castText(json, zoned ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP', parseMoment)
  if (parsed === undefined || parsed.zoned !== zoned || parsed.nanos % 1000n !== 0n) {
    return undefined
  }
  return { value: parsed.nanos / 1000n, type }
}

function castText<Result>(
  json: JsonValue | undefined,
  type: string,
  parse: (text: string) => Result | undefined,
): Result | undefined {
  if (!isCast(json) || !isNode(json.cast_type) || json.cast_type.id !== type) return undefined
  const text = constantText(json.child)
  return text === undefined ? undefined : parse(text)
}

/** DuckDB prints bytes that are no plain ASCII as `\xFF`. */
function blobOf(text: string): Uint8Array | undefined {
  const bytes: number[] = []
  for (const [piece, hex] of text.matchAll(/\\x([0-9A-F]{2})|[\s\S]/g)) {
    const code = hex === undefined ? piece.charCodeAt(0) : Number.parseInt(hex, 16)
    if (hex === undefined && (code > 0x7e || piece === '\\')) return undefined
    bytes.push(code)
  }
  return Uint8Array.from(bytes)
}

interface Decimal {
  readonly unscaled: bigint
  readonly scale: number
}

const INTEGERS = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
])

function constantNumber(json: JsonValue | undefined): Decimal | undefined {
  const value = constantValue(json)
  if (value === undefined) return undefined
  const { id, type_info: info } = value.type
  const unscaled = integerOf(value.value)
  if (unscaled === undefined) return undefined
  if (INTEGERS.has(String(id))) return { unscaled, scale: 0 }
  if (id !== 'DECIMAL' || !isNode(info) || typeof info.scale !== 'number') return undefined
  return { unscaled, scale: info.scale }
}

/** Wide integers come in two halves of 64 bits, the lower one without a sign. */
function integerOf(value: JsonValue): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (!isNode(value) || value.upper === undefined || value.lower === undefined) return undefined
  const upper = integerOf(value.upper)
  const lower = integerOf(value.lower)
  return upper === undefined || lower === undefined ? undefined : (upper << 64n) + lower
}

function constantDouble(json: JsonValue | undefined): number | undefined {
  const value = constantValue(json)
  if (value?.type.id !== 'DOUBLE') return undefined
  const number = value.value
  return typeof number === 'number' || typeof number === 'bigint' ? Number(number) : undefined
}

/** The text of a VARCHAR constant, also of one under a cast that spells a constant of another type. */
export function constantText(json: JsonValue | undefined): string | undefined {
  const value = constantValue(isCast(json) ? json.child : json)
  if (value?.type.id !== 'VARCHAR' || typeof value.value !== 'string') return undefined
  // Plans leave out empty lines: how many breaks there were in a text with some is not known.
  return value.value.includes('\n') ? undefined : value.value
}

/** An integer that stands in a call, such as the length of `left(s, 2)`. */
export function constantInteger(json: JsonValue | undefined): bigint | undefined {
  const number = constantNumber(json)
  return number?.scale === 0 ? number.unscaled : undefined
}

/** TRUE or FALSE, which plans print as casts. */
export function constantBoolean(json: JsonValue | undefined): boolean | undefined {
  // A text alone, such as 't', is none.
  const literal = isCast(json) ? literalOf(json, 'boolean') : undefined
  return literal && literal.value === true
}

function isNull(json: JsonValue | undefined): boolean {
  const constant = isCast(json) ? json.child : json
  if (!isNode(constant) || constant.class !== 'CONSTANT' || !isNode(constant.value)) return false
  return constant.value.is_null === true
}

function constantValue(
  json: JsonValue | undefined,
): { readonly type: Node; readonly value: JsonValue } | undefined {
  if (!isNode(json) || json.class !== 'CONSTANT' || !isNode(json.value)) return undefined
  const { type, value, is_null: isNull } = json.value
  return isNode(type) && isNull === false && value !== undefined ? { type, value } : undefined
}

function isCast(json: JsonValue | undefined): json is Node {
  return isNode(json) && json.class === 'CAST' && json.try_cast !== true
}

export function isFloating(type: unknown): type is 'float' | 'double' {
  return type === 'float' || type === 'double'
}

function isTime(type: PrimitiveType): boolean {
  return type === 'date' || type === 'timestamp' || type === 'timestamptz'
}

export function isNode(json: JsonValue | undefined): json is Node {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

export function nodes(json: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(json) ? (json as readonly JsonValue[]) : []
}
