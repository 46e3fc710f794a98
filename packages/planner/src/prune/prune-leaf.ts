import {
  type BoundReference,
  type ColumnStats,
  type ComparisonOp,
  type DataType,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type Leaf,
  leafOf,
  type Selection,
  type StatsTable,
  statsLeaves,
  unionOf,
  type Value,
} from '@spillway/core'
import { mayBeNan } from '../predicates/rewrite-not.js'
import { bucketOf } from './bucket.js'
import { type Interval, keepHolding, keepWithin, type Raw } from './kernels.js'
import { keepRanked, type Members, memberCount, rankBounds, sameKind } from './member-kernels.js'
import { pruneNotEqual, pruneNotIn, pruneNotPrefix } from './prune-negative.js'
import { membersOf, numberMembers, rawOf } from './raw-value.js'

type BoundLeaf = Leaf<BoundReference, Value>

/** Rows that may hold a match of one leaf: each source of statistics about its column alone may prove a row out. */
export function pruneLeaf(leaf: BoundLeaf, stats: StatsTable, rows: Selection): Selection {
  const field = leafOf(leaf.ref.path)
  if (leaf.kind === 'in' && leaf.values.length === 0) return rows.subarray(0, 0)
  if (leaf.kind === 'isNull' && typeof field.type === 'object' && field.type.kind === 'struct') {
    return pruneNullStruct(leaf.ref, stats, rows)
  }
  let kept = rows
  for (const entry of stats.columns.get(field.id) ?? []) {
    if (kept.length === 0) break
    kept = pruneByEntry(leaf, field.type, entry, kept)
  }
  return kept
}

/** A null struct makes every leaf under it null: one leaf without nulls proves that there is none. */
function pruneNullStruct(ref: BoundReference, stats: StatsTable, rows: Selection): Selection {
  let kept = rows
  for (const path of statsLeaves([leafOf(ref.path)])) {
    for (const entry of stats.columns.get(leafOf(path).id) ?? []) {
      kept = keepHolding(entry.holds, HOLDS_NULLS, kept)
    }
  }
  return kept
}

function pruneByEntry(
  leaf: BoundLeaf,
  type: DataType,
  entry: ColumnStats,
  rows: Selection,
): Selection {
  const { bucketCount, holds } = entry
  if (bucketCount === undefined) return pruneByBounds(leaf, type, entry, rows)
  // Only equality says which bucket a value is in; of nulls and values a bucket tells as much as any bounds.
  if (leaf.kind === 'in') return pruneByBucket(leaf.values, type, entry, rows)
  if (leaf.kind === 'comparison' && leaf.op === 'eq') {
    return pruneByBucket([leaf.value], type, entry, rows)
  }
  return pruneByBounds(leaf, type, holds === undefined ? {} : { holds }, rows)
}

function pruneByBounds(
  leaf: BoundLeaf,
  type: DataType,
  entry: ColumnStats,
  rows: Selection,
): Selection {
  const nans = mayBeNan(leaf.ref) ? HOLDS_NANS : 0
  switch (leaf.kind) {
    case 'isNull':
      return keepHolding(entry.holds, HOLDS_NULLS, rows)
    case 'notNull':
      return keepHolding(entry.holds, HOLDS_VALUES | nans, rows)
    case 'isNan':
      return keepHolding(entry.holds, HOLDS_NANS, rows)
    case 'notNan':
      return keepHolding(entry.holds, HOLDS_VALUES | HOLDS_NULLS, rows)
    case 'comparison':
      return pruneComparison(leaf.op, rawOf(leaf.value, type), entry, nans, rows)
    case 'startsWith':
      return keepWithin(entry, prefixInterval(utf8.encode(leaf.prefix)), HOLDS_VALUES, rows)
    case 'notStartsWith':
      return pruneNotPrefix(prefixInterval(utf8.encode(leaf.prefix)), entry, rows)
    case 'in':
      return pruneIn(membersOf(leaf.values, type), entry, rows)
    case 'notIn':
      return pruneNotIn(membersOf(leaf.values, type), entry, nans, rows)
  }
}

function pruneComparison(
  op: ComparisonOp,
  value: Raw,
  entry: ColumnStats,
  nans: number,
  rows: Selection,
): Selection {
  const limit = { value, open: op === 'lt' || op === 'gt' }
  switch (op) {
    case 'eq':
      return keepWithin(entry, { least: limit, greatest: limit }, HOLDS_VALUES, rows)
    case 'lt':
    case 'ltEq':
      return keepWithin(entry, { greatest: limit }, HOLDS_VALUES, rows)
    case 'gt':
    case 'gtEq': {
      // NaN is greater than everything in some engines: what may hold it stays.
      if (nans !== 0 && entry.holds === undefined) return rows
      const kept = keepWithin(entry, { least: limit }, HOLDS_VALUES, rows)
      return nans === 0 ? kept : unionOf(kept, keepHolding(entry.holds, nans, rows))
    }
    case 'notEq':
      return pruneNotEqual(value, entry, nans, rows)
  }
}

/** Texts with a prefix lie in [prefix, successor), where the successor is the least bytes above all of them. */
function prefixInterval(prefix: Uint8Array): Interval {
  // Every text has the empty prefix.
  if (prefix.length === 0) return {}
  const least = { value: prefix, open: false }
  // UTF-8 has no byte 0xFF, so the last byte has a next one.
  const successor = prefix.slice()
  successor[prefix.length - 1]! += 1
  return { least, greatest: { value: successor, open: true } }
}

/** Keeps rows whose [lower, upper] holds a member. First between the least and the greatest, which is cheap. */
function pruneIn(members: Members, entry: ColumnStats, rows: Selection): Selection {
  const { lower, upper } = entry
  const { values } = members
  const count = memberCount(members)
  if (count === 0) return rows.subarray(0, 0)
  const interval: Interval = {
    least: { value: values[0]!, open: false },
    greatest: { value: values[count - 1]!, open: false },
  }
  const kept = keepWithin(entry, interval, HOLDS_VALUES, rows)
  if (!lower || !upper || count === 1) return kept
  if (!sameKind(members, lower) || !sameKind(members, upper)) return kept
  const first = rankBounds(lower, members, { inclusive: false, missing: 0 }, kept)
  const end = rankBounds(upper, members, { inclusive: true, missing: count }, kept)
  return keepRanked(first, end, kept)
}

function pruneByBucket(
  values: readonly Value[],
  type: DataType,
  entry: ColumnStats,
  rows: Selection,
): Selection {
  const buckets: number[] = []
  for (const value of values) {
    const bucket = bucketOf(value, type, entry.bucketCount ?? 0)
    if (bucket === undefined) return keepHolding(entry.holds, HOLDS_VALUES, rows)
    buckets.push(bucket)
  }
  return pruneIn(numberMembers(buckets), entry, rows)
}

const utf8 = new TextEncoder()
