import {
  type JsonValue,
  type Literal,
  type PrimitiveType,
  parseDate,
  parseMoment,
} from '@spillway/core'

/** One node of what DuckDB's json_serialize_sql makes of an expression. */
export type Node = { readonly [key: string]: JsonValue }

/** A constant as the value of a column that it is compared with; undefined where that is not certain. */
export function literalOf(
  json: JsonValue | undefined,
  type: PrimitiveType | undefined,
): Literal | undefined {
  if (type === undefined) return undefined
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
  if (value === undefined || !Number.isFinite(value)) return undefined
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

interface Decimal {
  readonly unscaled: bigint
  readonly scale: number
}

const INTEGERS = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UINTEGER', 'UBIGINT'])

function constantNumber(json: JsonValue | undefined): Decimal | undefined {
  const value = constantValue(json)
  if (value === undefined) return undefined
  const { id, type_info: info } = value.type
  const exact = typeof value.value === 'bigint' || Number.isSafeInteger(value.value)
  if (!exact) return undefined
  const unscaled = BigInt(value.value as number | bigint)
  if (INTEGERS.has(String(id))) return { unscaled, scale: 0 }
  if (id !== 'DECIMAL' || !isNode(info) || typeof info.scale !== 'number') return undefined
  return { unscaled, scale: info.scale }
}

function constantDouble(json: JsonValue | undefined): number | undefined {
  const value = constantValue(json)
  const isDouble = value?.type.id === 'DOUBLE' && typeof value.value === 'number'
  return isDouble ? (value.value as number) : undefined
}

/** The text of a VARCHAR constant, also of one under a cast that spells a constant of another type. */
export function constantText(json: JsonValue | undefined): string | undefined {
  const value = constantValue(isCast(json) ? json.child : json)
  return value?.type.id === 'VARCHAR' && typeof value.value === 'string' ? value.value : undefined
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

export function isNode(json: JsonValue | undefined): json is Node {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

export function nodes(json: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(json) ? (json as readonly JsonValue[]) : []
}
