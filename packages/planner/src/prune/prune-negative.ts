import {
  type ColumnStats,
  except,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type Selection,
  unionOf,
} from '@spillway/core'
import { type Bounds, type Interval, keepHolding, keepWithin, type Raw } from './kernels.js'
import { keepRanked, type Members, rankBounds, sameKind } from './member-kernels.js'

/** `column <> value`: a row goes if it holds nothing but that value. */
export function pruneNotEqual(
  value: Raw,
  entry: ColumnStats,
  nans: number,
  rows: Selection,
): Selection {
  const limit = { value, open: false }
  return pruneUniform(entry, nans, rows, outside({ least: limit, greatest: limit }))
}

/** `column NOT LIKE 'prefix%'`: a row goes if both bounds, and so every value, have the prefix. */
export function pruneNotPrefix(interval: Interval, entry: ColumnStats, rows: Selection): Selection {
  return pruneUniform(entry, 0, rows, outside(interval))
}

/** `column NOT IN (members)`: a row goes if it holds nothing but one of them. */
export function pruneNotIn(
  members: Members,
  entry: ColumnStats,
  nans: number,
  rows: Selection,
): Selection {
  return pruneUniform(entry, nans, rows, ({ lower, upper }, some) => {
    if (!lower || !upper || !sameKind(members, lower) || !sameKind(members, upper)) return some
    // Both bounds are one member where the same members lie below them, and one more at or below them.
    const strictly = { inclusive: false, missing: 0 }
    const orEqual = { inclusive: true, missing: 0 }
    const below = rankBounds(lower, members, strictly, some)
    const member = keepRanked(below, rankBounds(lower, members, orEqual, some), some)
    const from = rankBounds(lower, members, strictly, member)
    const to = rankBounds(upper, members, strictly, member)
    const toEnd = rankBounds(upper, members, orEqual, member)
    // `to === from` and upper a member: to < toEnd. Any other upper has from + 1 or more members at or below lower.
    return except(
      some,
      member.filter((_, i) => from[i] === to[i] && to[i]! < toEnd[i]!),
    )
  })
}

/** Those of the given rows that are not proved to lie inside. */
type Outside = (bounds: Bounds, rows: Selection) => Selection

/**
 * The negative tests. A row goes only if it holds no nulls and no NaN, which some expression languages match, and its
 * values, if any, are proved to fail.
 */
function pruneUniform(
  entry: ColumnStats,
  nans: number,
  rows: Selection,
  keepOutside: Outside,
): Selection {
  if (entry.holds === undefined) return rows
  const candidates = except(rows, keepHolding(entry.holds, HOLDS_NULLS | nans, rows))
  if (candidates.length === 0) return rows
  const withValues = keepHolding(entry.holds, HOLDS_VALUES, candidates)
  const kept = keepOutside(entry, withValues)
  return except(rows, except(candidates, kept))
}

/** Rows whose lower bound may lie before the interval, or whose upper bound after it. */
function outside({ least, greatest }: Interval): Outside {
  return ({ lower, upper }, rows) => {
    // Without an end, everything lies on the inner side of it.
    const before = least && lower ? notFrom(lower, least, rows) : least ? rows : rows.subarray(0, 0)
    const rest = except(rows, before)
    const after =
      greatest && upper ? notUntil(upper, greatest, rest) : greatest ? rest : rest.subarray(0, 0)
    return unionOf(before, after)
  }
}

type Limit = NonNullable<Interval['least']>

/** Rows whose lower bound is not proved to be at or after `least`. */
function notFrom(lower: NonNullable<Bounds['lower']>, least: Limit, rows: Selection): Selection {
  return keepWithin({ lower }, { greatest: { value: least.value, open: !least.open } }, 0, rows)
}

/** Rows whose upper bound is not proved to be at or before `greatest`. */
function notUntil(
  upper: NonNullable<Bounds['upper']>,
  greatest: Limit,
  rows: Selection,
): Selection {
  return keepWithin({ upper }, { least: { value: greatest.value, open: !greatest.open } }, 0, rows)
}
