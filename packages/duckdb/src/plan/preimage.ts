import { floorDivide, type Literal, type PrimitiveType } from '@spillway/core'
import { scaleOf } from './compared-column.js'

/**
 * The values of a column that are equal to a constant after the cast that DuckDB compares them behind: those from `low` to
 * `high`, none where `low` is above `high`. Values below `low` are below the constant, values above `high` above it; `exact`
 * is false where some of those between may be as well.
 */
export interface Preimage {
  readonly low: bigint | number
  readonly high: bigint | number
  readonly exact: boolean
}

const MICROS_PER_DAY = 86_400_000_000n

/** `own`: the column's type; `literal`: of the type that it is compared in. Undefined where nothing is known. */
export function preimageOf(own: PrimitiveType, literal: Literal): Preimage | undefined {
  const { value, type } = literal
  if (own === 'int' || own === 'long' || typeof own === 'object') {
    if (typeof value === 'bigint') return ofRational(value, scaleOf(type), scaleOf(own))
    return typeof value === 'number' ? ofRounded(value, type === 'float', scaleOf(own)) : undefined
  }
  if (own === 'float' && type === 'double') return ofFloat(value as number)
  if (own === type && (typeof value === 'bigint' || typeof value === 'number'))
    return exactly(value)
  return ofTime(own, literal)
}

function exactly(value: bigint | number): Preimage {
  return { low: value, high: value, exact: true }
}

function ofRational(unscaled: bigint, scale: number, own: number): Preimage {
  if (own >= scale) return exactly(unscaled * 10n ** BigInt(own - scale))
  const divisor = 10n ** BigInt(scale - own)
  const floor = floorDivide(unscaled, divisor)
  if (floor * divisor === unscaled) return exactly(floor)
  return { low: floor + 1n, high: floor, exact: true }
}

/** Beyond every value of every exact type. */
const BEYOND = 10n ** 45n
const MAX_STEPS = 128

/** An exact column that is rounded to a double, or a float, before it is compared. */
function ofRounded(value: number, single: boolean, scale: number): Preimage {
  const center = value * 10 ** scale
  if (Math.abs(center) > 1e44) return exactly(center > 0 ? BEYOND : -BEYOND)
  // Wider than the cast rounds, and than the multiplication above.
  const reach = Math.abs(center) * (single ? 2 ** -20 : 2 ** -48) + 2
  let low = BigInt(Math.floor(center - reach))
  let high = BigInt(Math.ceil(center + reach))
  // A division of two exact doubles, as DuckDB has it; floats are rounded twice.
  const isCertain = (each: bigint) =>
    !single && (scale === 0 || (scale <= 22 && each > -(2n ** 53n) && each < 2n ** 53n))
  const rounded = (each: bigint) => Number(each) / 10 ** scale
  if (single || high - low > MAX_STEPS || !isCertain(low) || !isCertain(high)) {
    return { low, high, exact: false }
  }
  while (low <= high && rounded(low) < value) low++
  while (high >= low && rounded(high) > value) high--
  return { low, high, exact: true }
}

/** A float that is widened to a double, which changes no value. */
function ofFloat(value: number): Preimage {
  const nearest = Math.fround(value)
  if (nearest === value) return exactly(value)
  return nearest > value
    ? { low: nearest, high: nextFloat(nearest, -1), exact: true }
    : { low: nextFloat(nearest, 1), high: nearest, exact: true }
}

/** The float next to `value`, above or below it. */
function nextFloat(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * 2 ** -149
  const floats = Float32Array.of(value)
  const bits = new Int32Array(floats.buffer)
  bits[0]! += value > 0 === direction > 0 ? 1 : -1
  return floats[0]!
}

function ofTime(own: PrimitiveType, { value, type }: Literal): Preimage | undefined {
  const micros = type === 'date' ? BigInt(value as number) * MICROS_PER_DAY : (value as bigint)
  if (own === 'date' && type === 'timestamp') {
    const day = floorDivide(micros, MICROS_PER_DAY)
    const whole = day * MICROS_PER_DAY === micros
    return { low: whole ? day : day + 1n, high: day, exact: true }
  }
  if (own === 'timestamp' && type === 'date') {
    return { low: micros, high: micros + MICROS_PER_DAY - 1n, exact: true }
  }
  const zoned = [own, type].filter(each => each === 'timestamptz').length
  if (zoned !== 1) return undefined
  // No clock is a day from UTC: which one the session has, and when it was changed, does not matter.
  const low = micros - MICROS_PER_DAY
  const high = micros + (type === 'date' ? 2n : 1n) * MICROS_PER_DAY
  if (own !== 'date') return { low, high, exact: false }
  return {
    low: floorDivide(low, MICROS_PER_DAY),
    high: floorDivide(high, MICROS_PER_DAY) + 1n,
    exact: false,
  }
}
