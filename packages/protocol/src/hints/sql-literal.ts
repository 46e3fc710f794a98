import { type Literal, parseDate, parseMoment } from '@spillway/core'

/** A type as a CAST or a typed literal names it. */
export interface SqlType {
  readonly name: string
  readonly arguments: readonly number[]
}

/** Decimals of more digits are refused: no type holds them and they cost time. */
const MAX_DIGITS = 200

const INTEGER_LIMITS: ReadonlyMap<string, readonly [bigint, bigint]> = new Map(
  (
    [
      [['BYTE', 'TINYINT'], 8n],
      [['SHORT', 'SMALLINT'], 16n],
      [['INT', 'INTEGER'], 32n],
      [['LONG', 'BIGINT'], 64n],
    ] as const
  ).flatMap(([names, bits]) =>
    names.map(name => [name, [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]] as const),
  ),
)

const SUFFIXES: ReadonlyMap<string, string> = new Map([
  ['L', 'LONG'],
  ['S', 'SHORT'],
  ['Y', 'BYTE'],
])

/** A number as Spark writes it: `5`, `5L`, `1.50`, `1.5BD`, `1E3`, `1.0D`, `1.0F`. */
export function numberLiteral(text: string, negative: boolean): Literal | string {
  const match = /^([\d.]+)(?:[eE]([+-]?\d+))?(BD|[LSYDF])?$/i.exec(text)
  if (match === null) return `${text.slice(0, 40)} is not a number`
  const [, digits, exponent, suffix = ''] = match
  const sign = negative ? '-' : ''
  const kind = suffix.toUpperCase()
  const integerType = SUFFIXES.get(kind)
  if (integerType !== undefined) {
    if (digits!.includes('.') || exponent !== undefined) return `${text} is not an integer`
    return integerLiteral(BigInt(sign + digits), integerType)
  }
  const isDouble = kind === 'D' || kind === 'F' || (kind === '' && exponent !== undefined)
  if (isDouble) return floatingLiteral(`${sign}${digits}e${exponent ?? '0'}`, kind === 'F')
  return decimalLiteral(sign, digits!, exponent ?? '0', kind === 'BD')
}

function integerLiteral(value: bigint, type: string): Literal | string {
  const [min, max] = INTEGER_LIMITS.get(type)!
  if (value < min || value > max) return `${value} is beyond the range of ${type.toLowerCase()}`
  return { value, type: 'long' }
}

function floatingLiteral(text: string, single: boolean): Literal | string {
  const value = single ? Math.fround(Number(text)) : Number(text)
  if (!Number.isFinite(value)) return `${text.slice(0, 40)} is beyond the range of a double`
  return { value, type: single ? 'float' : 'double' }
}

function decimalLiteral(
  sign: string,
  digits: string,
  exponent: string,
  keepDecimal: boolean,
): Literal | string {
  const [whole = '', fraction = ''] = digits.split('.')
  const scale = fraction.length - Number(exponent)
  if (whole.length + fraction.length > MAX_DIGITS || Math.abs(scale) > MAX_DIGITS) {
    return `a number of more than ${MAX_DIGITS} digits`
  }
  const unscaled =
    BigInt(sign + (whole + fraction || '0')) * (scale < 0 ? 10n ** BigInt(-scale) : 1n)
  const [min, max] = INTEGER_LIMITS.get('LONG')!
  if (!keepDecimal && !digits.includes('.') && unscaled >= min && unscaled <= max) {
    return { value: unscaled, type: 'long' }
  }
  return asDecimal(unscaled, Math.max(scale, 0))
}

function asDecimal(unscaled: bigint, scale: number): Literal {
  const precision = Math.max(String(unscaled < 0n ? -unscaled : unscaled).length, scale)
  return { value: unscaled, type: { kind: 'decimal', precision, scale } }
}

/** `X'1aFF'`. */
export function hexLiteral(text: string): Literal | string {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return 'not a hexadecimal literal'
  const value = Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(i * 2, i * 2 + 2), 16),
  )
  return { value, type: 'binary' }
}

/** Of Spark, and of DuckDB and PostgreSQL. */
const TYPED = ['DATE', 'TIMESTAMP', 'TIMESTAMP_NTZ', 'TIMESTAMP_LTZ', 'TIMESTAMPTZ'] as const

/** True for a word that makes a typed literal of the text after it: `DATE '2021-04-28'`. */
export function isTypedLiteral(word: string): boolean {
  return TYPED.some(name => name === word)
}

/** `literal` as CAST gives it, where every engine agrees on what that is. */
export function castLiteral(literal: Literal, type: SqlType): Literal | string {
  const text = typeof literal.value === 'string' ? literal.value : undefined
  switch (type.name) {
    case 'DATE':
      return text === undefined ? same(literal, ['date'], type) : dateLiteral(text)
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMPTZ':
    case 'TIMESTAMP_NTZ':
      return text === undefined
        ? same(literal, ['timestamp', 'timestamptz'], type)
        : timestampLiteral(text, type.name === 'TIMESTAMP_NTZ')
    case 'STRING':
    case 'VARCHAR':
    case 'TEXT':
      return type.arguments.length > 0 ? unknownCast(type) : castToText(literal, type)
    case 'BOOLEAN':
      return text === undefined ? same(literal, ['boolean'], type) : booleanLiteral(text)
    case 'BINARY':
      return same(literal, ['binary'], type)
    default:
      return castToNumber(literal, type)
  }
}

function same(literal: Literal, types: readonly string[], type: SqlType): Literal | string {
  return types.some(name => name === literal.type) ? literal : unknownCast(type)
}

function unknownCast(type: SqlType): string {
  return `a cast of this literal to ${type.name.toLowerCase()} is not supported`
}

function dateLiteral(text: string): Literal | string {
  const value = parseDate(text)
  return value === undefined
    ? `'${text.slice(0, 40)}' is not a yyyy-MM-dd date`
    : { value, type: 'date' }
}

/** Without a zone the text is in the session's, which nobody knows here: the type says so. */
function timestampLiteral(text: string, dropZone: boolean): Literal | string {
  const moment = parseMoment(text.replace(/ ?(?:UTC|GMT)$/, 'Z'))
  if (moment === undefined) return `'${text.slice(0, 40)}' is not a timestamp`
  if (moment.zoned && dropZone && moment.local !== moment.nanos) {
    return 'a zone in a timestamp without one'
  }
  const zoned = moment.zoned && !dropZone
  if (moment.nanos % 1000n !== 0n) {
    return { value: moment.nanos, type: zoned ? 'timestamptz_ns' : 'timestamp_ns' }
  }
  return { value: moment.nanos / 1000n, type: zoned ? 'timestamptz' : 'timestamp' }
}

function booleanLiteral(text: string): Literal | string {
  const lowered = text.toLowerCase()
  if (lowered !== 'true' && lowered !== 'false') return `'${text.slice(0, 40)}' is not a boolean`
  return { value: lowered === 'true', type: 'boolean' }
}

function castToText(literal: Literal, type: SqlType): Literal | string {
  if (literal.type === 'string') return literal
  return literal.type === 'long'
    ? { value: String(literal.value), type: 'string' }
    : unknownCast(type)
}

const PLAIN_NUMBER = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,3}))?$/

function castToNumber(literal: Literal, type: SqlType): Literal | string {
  const limits = INTEGER_LIMITS.get(type.name)
  const isFloat = ['FLOAT', 'REAL', 'DOUBLE'].includes(type.name)
  const isDecimal = ['DECIMAL', 'DEC', 'NUMERIC'].includes(type.name)
  if (limits === undefined && !isFloat && !isDecimal) return unknownCast(type)
  if (isFloat) return castToFloat(literal, type)
  const exact = exactNumber(literal)
  if (exact === undefined) return unknownCast(type)
  if (limits !== undefined) {
    // 1.5 to an integer is cut by some engines and rounded by others.
    return exact.scale === 0 ? integerLiteral(exact.unscaled, type.name) : unknownCast(type)
  }
  const [precision = 10, scale = 0] = type.arguments
  if (exact.scale > scale) return unknownCast(type)
  const unscaled = exact.unscaled * 10n ** BigInt(Math.min(scale, 38) - exact.scale)
  if (precision > 38 || scale > 38 || String(unscaled).replace('-', '').length > precision) {
    return `the literal does not fit decimal(${precision},${scale})`
  }
  return { value: unscaled, type: { kind: 'decimal', precision, scale } }
}

function castToFloat(literal: Literal, type: SqlType): Literal | string {
  const single = type.name !== 'DOUBLE'
  if (literal.type === 'string') {
    if (!PLAIN_NUMBER.test(String(literal.value))) return unknownCast(type)
    return floatingLiteral(String(literal.value), single)
  }
  if (typeof literal.value === 'number') return floatingLiteral(String(literal.value), single)
  const exact = exactNumber(literal)
  if (exact === undefined) return unknownCast(type)
  return floatingLiteral(`${exact.unscaled}e${-exact.scale}`, single)
}

interface ExactNumber {
  readonly unscaled: bigint
  readonly scale: number
}

/** Integers, decimals and plain texts of either, without trailing zeros after the point. */
function exactNumber({ value, type }: Literal): ExactNumber | undefined {
  if (type === 'long') return { unscaled: value as bigint, scale: 0 }
  if (type === 'string') {
    const match = /^([+-]?)(\d{1,38})(?:\.(\d{0,38}))?$/.exec(String(value))
    if (match === null) return undefined
    const [, sign, whole, fraction = ''] = match
    return trimmed(BigInt((sign === '-' ? '-' : '') + whole + fraction), fraction.length)
  }
  if (typeof type !== 'object' || type.kind !== 'decimal') return undefined
  return trimmed(value as bigint, type.scale)
}

function trimmed(unscaled: bigint, scale: number): ExactNumber {
  let rest = unscaled
  let left = scale
  while (left > 0 && rest % 10n === 0n) {
    rest /= 10n
    left--
  }
  return { unscaled: rest, scale: left }
}

/** `-literal`; undefined where that has no meaning. */
export function negated(literal: Literal): Literal | undefined {
  if (typeof literal.value === 'bigint') {
    const isNumber = literal.type === 'long' || typeof literal.type === 'object'
    return isNumber ? { ...literal, value: -literal.value } : undefined
  }
  return typeof literal.value === 'number' && literal.type !== 'date'
    ? { ...literal, value: -literal.value }
    : undefined
}
