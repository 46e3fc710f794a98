import { HOLDS_NANS, HOLDS_VALUES } from '@spillway/core'
import type { FooterStats } from '@spillway/encoding'

/** What holds for both of two files holds for a slice of them; unknown if either is. */
export function unionStatistics(
  a: FooterStats | undefined,
  b: FooterStats | undefined,
  compare: (a: NonNullable<FooterStats['lower']>, b: NonNullable<FooterStats['lower']>) => number,
): FooterStats | undefined {
  if (a === undefined || b === undefined) return undefined
  const nullCount = a.nullCount + b.nullCount
  const holds = a.holds | b.holds
  const withValues = HOLDS_VALUES | HOLDS_NANS
  if ((a.holds & withValues) === 0) return { ...b, nullCount, holds }
  if ((b.holds & withValues) === 0) return { ...a, nullCount, holds }
  const lower = pick(a.lower, b.lower, (x, y) => compare(x, y) <= 0)
  const upper = pick(a.upper, b.upper, (x, y) => compare(x, y) >= 0)
  return {
    nullCount,
    holds,
    lower,
    upper,
  }
}

function pick<T>(
  a: T | undefined,
  b: T | undefined,
  first: (a: T, b: T) => boolean,
): T | undefined {
  if (a === undefined || b === undefined) return undefined
  return first(a, b) ? a : b
}
