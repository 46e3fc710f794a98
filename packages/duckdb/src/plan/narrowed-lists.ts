import {
  compareBytes,
  compareValues,
  type Literal,
  type Predicate,
  type Reference,
  typeName,
} from '@spillway/core'
import { isFloating } from './constants.js'
import { anyOf } from './junctions.js'

const utf8 = new TextEncoder()

export interface ListLimits {
  /** Values that a list may have. */
  readonly values: number
  /** Ranges that a longer one becomes. */
  readonly ranges: number
}

/** The predicate with its longer lists as ranges, split where the gaps between values are widest: only ever wider. */
export function narrowedLists(predicate: Predicate, limits: ListLimits): Predicate {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return {
        kind: predicate.kind,
        operands: predicate.operands.map(each => narrowedLists(each, limits)),
      }
    case 'in':
      if (predicate.values.length <= limits.values) return predicate
      return rangesOf(predicate.ref, predicate.values, limits.ranges)
    case 'notIn':
      return predicate.values.length <= limits.values
        ? predicate
        : { kind: 'notNull', ref: predicate.ref }
    default:
      return predicate
  }
}

function rangesOf(ref: Reference, values: readonly Literal[], count: number): Predicate {
  const kinds = new Set(values.map(({ type }) => typeName(type)))
  if (kinds.size > 1) return { kind: 'notNull', ref }
  const sorted = inOrder(values)
  const starts = new Set(widestGaps(sorted, count - 1))
  const ranges: Predicate[] = []
  for (let from = 0; from < sorted.length; ) {
    let end = from + 1
    while (end < sorted.length && !starts.has(end)) end++
    ranges.push(between(ref, sorted[from]!, sorted[end - 1]!))
    from = end
  }
  return anyOf(ranges)
}

/** Texts in the order of their bytes, each encoded once. */
function inOrder(values: readonly Literal[]): readonly Literal[] {
  if (typeof values[0]?.value !== 'string') {
    return [...values].sort((a, b) => compareValues(a.value, b.value))
  }
  const keyed = values.map(literal => ({ literal, key: utf8.encode(String(literal.value)) }))
  keyed.sort((a, b) => compareBytes(a.key, b.key))
  return keyed.map(({ literal }) => literal)
}

/** Positions before which the widest gaps are; of texts, whose distance is no number, evenly many between two. */
function widestGaps(sorted: readonly Literal[], count: number): readonly number[] {
  const distances = sorted.flatMap((each, i) => {
    const before = sorted[i - 1]
    const distance = before && distanceOf(before, each)
    return distance === undefined ? [] : [{ at: i, distance }]
  })
  if (distances.length < sorted.length - 1) {
    return Array.from({ length: count }, (_, i) =>
      Math.round(((i + 1) * sorted.length) / (count + 1)),
    )
  }
  // Between neighbours of a type that has such there is nothing to leave out.
  const isWhole = !isFloating(sorted[0]?.type)
  const gaps = distances.filter(({ distance }) => distance > (isWhole ? 1 : 0))
  gaps.sort((a, b) => b.distance - a.distance)
  return gaps.slice(0, count).map(({ at }) => at)
}

function distanceOf({ value: a }: Literal, { value: b }: Literal): number | undefined {
  if (typeof a === 'bigint' && typeof b === 'bigint') return Number(b - a)
  if (typeof a !== 'number' || typeof b !== 'number') return undefined
  return Number.isNaN(b - a) ? 0 : b - a
}

function between(ref: Reference, low: Literal, high: Literal): Predicate {
  if (compareValues(low.value, high.value) === 0) {
    return { kind: 'comparison', op: 'eq', ref, value: low }
  }
  return {
    kind: 'and',
    operands: [
      { kind: 'comparison', op: 'gtEq', ref, value: low },
      { kind: 'comparison', op: 'ltEq', ref, value: high },
    ],
  }
}
