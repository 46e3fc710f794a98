import { floorDivide } from '@spillway/core'

export interface ScaledDecimal {
  /** The value times 10^scale, rounded down and up; equal where nothing was rounded. */
  readonly floor: bigint
  readonly ceiling: bigint
}

const MAX_DIGITS = 400

/** Decimal text, exponent and all, at `scale`; undefined where it is no number. */
export function parseDecimal(text: string, scale: number): ScaledDecimal | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const shift = scale - fraction.length + Number(match[4] ?? 0)
  if (Math.abs(shift) > MAX_DIGITS || text.length > MAX_DIGITS) return undefined
  const digits = BigInt(match[2]! + fraction) * (match[1] === '-' ? -1n : 1n)
  if (shift >= 0) return exactly(digits * 10n ** BigInt(shift))
  const divisor = 10n ** BigInt(-shift)
  const floor = floorDivide(digits, divisor)
  return { floor, ceiling: floor * divisor === digits ? floor : floor + 1n }
}

/** A decimal at one scale, at another. */
export function rescale(unscaled: bigint, from: number, to: number): ScaledDecimal {
  if (to >= from) return exactly(unscaled * 10n ** BigInt(to - from))
  const divisor = 10n ** BigInt(from - to)
  const floor = floorDivide(unscaled, divisor)
  return { floor, ceiling: floor * divisor === unscaled ? floor : floor + 1n }
}

export function fitsPrecision(unscaled: bigint, precision: number): boolean {
  const limit = 10n ** BigInt(precision)
  return unscaled < limit && unscaled > -limit
}

function exactly(value: bigint): ScaledDecimal {
  return { floor: value, ceiling: value }
}
