import { type Literal, typeName } from '@spillway/core'
import {
  type BoundLiteral,
  type CoerceContext,
  exact,
  incomparable,
  mismatch,
} from './bound-literal.js'

/** `unscaled` / 10^`scale`, exactly. */
interface Rational {
  readonly unscaled: bigint
  readonly scale: number
}

type DecimalType = { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }

/** Past this many digits a literal is refused rather than computed with. */
const MAX_DIGITS = 1000

const LIMITS = {
  int: { min: -(2n ** 31n), max: 2n ** 31n - 1n },
  long: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
} as const

export function toInteger(
  literal: Literal,
  type: 'int' | 'long',
  context: CoerceContext,
): BoundLiteral {
  const wrap = (value: bigint) => (type === 'int' ? Number(value) : value)
  if (literal.type === 'string') return integerFromText(literal, type, context)
  if (literal.type === 'float' || literal.type === 'double') {
    return fromFloating(literal, { scale: 0, ...LIMITS[type] }, wrap, type === 'int' ? 10 : 19)
  }
  const rational = rationalOf(literal)
  if (rational === undefined) return mismatch(literal, type)
  return fit(rational, { scale: 0, ...LIMITS[type] }, wrap)
}

export function toDecimal(literal: Literal, type: DecimalType): BoundLiteral {
  const max = 10n ** BigInt(type.precision) - 1n
  const target: Target = { scale: type.scale, min: -max, max }
  const wrap = (value: bigint) => value
  if (literal.type === 'float' || literal.type === 'double') {
    return fromFloating(literal, target, wrap, type.precision)
  }
  if (literal.type === 'string') return decimalFromText(literal, type, target)
  const rational = rationalOf(literal)
  if (rational === undefined) return mismatch(literal, type)
  // Past 38 digits together, engines round or overflow one side to make room before they compare.
  const integerDigits = Math.max(type.precision - type.scale, digitsBeforePoint(rational))
  if (integerDigits + Math.max(type.scale, rational.scale) > 38) {
    return incomparable(`the literal needs more than 38 digits beside ${typeName(type)}`)
  }
  return fit(rational, target, wrap)
}

/** A decimal beside a float or double means its nearest double, as every engine casts it. */
export function toFloating(literal: Literal, type: 'float' | 'double'): BoundLiteral {
  const value = doubleOf(literal)
  if (value === undefined) return mismatch(literal, type)
  if (Number.isNaN(value)) return incomparable('the text is not a plain number')
  if (!Number.isFinite(value) && typeof literal.value !== 'number') {
    return incomparable('the literal is beyond the range of a double')
  }
  if (type === 'double' || Math.fround(value) === value) return exact(value)
  // Some engines round the literal to the column's 32 bits, others widen the column.
  const rounded = Math.fround(value)
  return { kind: 'range', low: Math.min(value, rounded), high: Math.max(value, rounded) }
}

function doubleOf(literal: Literal): number | undefined {
  if (literal.type === 'float' || literal.type === 'double') return Number(literal.value)
  if (literal.type === 'string') {
    if (literal.asTyped) return undefined
    const plain = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/
    return plain.test(String(literal.value)) ? Number(literal.value) : Number.NaN
  }
  const rational = rationalOf(literal)
  return rational && Number(`${rational.unscaled}e${-rational.scale}`)
}

/** Integers and decimals as they are; undefined for everything else. */
function rationalOf({ value, type }: Literal): Rational | undefined {
  if (type === 'int' || type === 'long') return { unscaled: BigInt(value as bigint), scale: 0 }
  if (typeof type !== 'object' || type.kind !== 'decimal') return undefined
  if (Math.abs(type.scale) > MAX_DIGITS) return undefined
  const unscaled = BigInt(value as bigint)
  if (type.scale >= 0) return { unscaled, scale: type.scale }
  return { unscaled: unscaled * 10n ** BigInt(-type.scale), scale: 0 }
}

/** The values a column can hold: integers in [min, max], each standing for itself / 10^scale. */
interface Target {
  readonly scale: number
  readonly min: bigint
  readonly max: bigint
}

function fit(
  rational: Rational,
  target: Target,
  wrap: (value: bigint) => number | bigint,
): BoundLiteral {
  const { floor, whole } = rescale(rational, target.scale)
  if (floor < target.min) {
    // -10.5 beside a column that starts at -10: nothing below it, -10 above.
    return { kind: 'gap', above: wrap(target.min) }
  }
  if (floor > target.max || (floor === target.max && !whole)) {
    return { kind: 'gap', below: wrap(target.max) }
  }
  if (whole) return exact(wrap(floor))
  return { kind: 'gap', below: wrap(floor), above: wrap(floor + 1n) }
}

function rescale({ unscaled, scale }: Rational, target: number): { floor: bigint; whole: boolean } {
  if (target >= scale) {
    return { floor: unscaled * 10n ** BigInt(target - scale), whole: true }
  }
  const divisor = 10n ** BigInt(scale - target)
  const quotient = unscaled / divisor
  const rest = unscaled % divisor
  return { floor: rest < 0n ? quotient - 1n : quotient, whole: rest === 0n }
}

/**
 * A float or double beside an exact column. Some engines cast the column to double before they compare; that is the
 * same thing only while the column's digits fit a double (15) or a float (6), else the literal means any value that
 * may round to it.
 */
function fromFloating(
  literal: Literal,
  target: Target,
  wrap: (value: bigint) => number | bigint,
  digits: number,
): BoundLiteral {
  const value = Number(literal.value)
  // No exact type has more than 38 digits.
  if (value > 1e60) return { kind: 'gap', below: wrap(target.max) }
  if (value < -1e60) return { kind: 'gap', above: wrap(target.min) }
  const safeInteger =
    target.scale === 0 && Math.abs(value) < (literal.type === 'float' ? 2 ** 24 : 2 ** 53)
  if (safeInteger) return fit(rationalOfDouble(value), target, wrap)
  const text = shortest(value)
  if (literal.type === 'double' && digits <= 15 && digitsOf(text.unscaled) <= 15) {
    return fit(text, target, wrap)
  }
  return around(value, literal.type === 'float' ? 2 ** -22 : 2 ** -51, target, wrap)
}

/** Every value of the column within a relative `error` of `value`. */
function around(
  value: number,
  error: number,
  target: Target,
  wrap: (value: bigint) => number | bigint,
): BoundLiteral {
  const reach = Math.max(Math.abs(value) * error, Number.MIN_VALUE)
  const low = rescale(rationalOfDouble(value - reach), target.scale).floor
  const high = rescale(rationalOfDouble(value + reach), target.scale).floor + 1n
  if (low > target.max) return { kind: 'gap', below: wrap(target.max) }
  if (high < target.min) return { kind: 'gap', above: wrap(target.min) }
  if (low < target.min || high > target.max) {
    return incomparable("the literal may round to either side of the column type's limit")
  }
  return { kind: 'range', low: wrap(low), high: wrap(high) }
}

/** The decimal that JavaScript prints for a finite double: the shortest that reads back as it. */
function shortest(value: number): Rational {
  const [mantissa, exponent] = value.toExponential().split('e')
  const [whole, fraction = ''] = mantissa!.split('.')
  const scale = fraction.length - Number(exponent)
  const unscaled = BigInt(whole! + fraction)
  return scale >= 0 ? { unscaled, scale } : { unscaled: unscaled * 10n ** BigInt(-scale), scale: 0 }
}

/** The exact value of a finite double. */
function rationalOfDouble(value: number): Rational {
  let scale = 0
  let scaled = value
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    scale++
  }
  // value = scaled / 2^scale = scaled * 5^scale / 10^scale
  return { unscaled: BigInt(scaled) * 5n ** BigInt(scale), scale }
}

/** Engines cast such a text to the column's type; only a text that is exactly one of its values means the same in all. */
function integerFromText(
  literal: Literal,
  type: 'int' | 'long',
  context: CoerceContext,
): BoundLiteral {
  const text = String(literal.value)
  if (!/^-?(0|[1-9]\d{0,18})$/.test(text) || text === '-0') {
    return incomparable(`the text is not a plain ${type}`)
  }
  const value = BigInt(text)
  if (value < LIMITS[type].min || value > LIMITS[type].max) {
    return incomparable(`the text is beyond the range of ${type}`)
  }
  if (literal.asTyped && context.ordered) return incomparable(TEXT_ORDER)
  return exact(type === 'int' ? Number(value) : value)
}

const TEXT_ORDER = 'compared as text, whose order is not that of numbers'

function decimalFromText(literal: Literal, type: DecimalType, target: Target): BoundLiteral {
  const match = /^([+-]?)(\d{1,15})(?:\.(\d{1,15}))?$/.exec(String(literal.value))
  if (match === null || literal.asTyped) return incomparable('the text is not a plain decimal')
  const [, sign, whole, fraction = ''] = match
  const unscaled = BigInt(whole! + fraction) * (sign === '-' ? -1n : 1n)
  // Some engines compare a decimal with a text as doubles: exact while both have at most 15 digits.
  if (type.precision > 15 || digitsOf(unscaled) > 15) {
    const value = Number(literal.value)
    return around(value, 2 ** -51, target, each => each)
  }
  return fit({ unscaled, scale: fraction.length }, target, each => each)
}

function digitsOf(unscaled: bigint): number {
  return String(unscaled < 0n ? -unscaled : unscaled).length
}

function digitsBeforePoint({ unscaled, scale }: Rational): number {
  return Math.max(digitsOf(unscaled) - scale, 0)
}
