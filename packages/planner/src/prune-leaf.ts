import {
  type BoundReference,
  type ColumnStats,
  type ComparisonOp,
  compareBytes,
  type DataType,
  encodeWideDecimal,
  except,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type Leaf,
  leafOf,
  physicalKind,
  type Selection,
  type StatsTable,
  statsLeaves,
  unionOf,
  type Value,
} from '@spillway/core'
import { bucketOf } from './bucket.js'
import { dropWhere, keepHolding, type Raw, rankBounds, type SortedValues } from './kernels.js'
import { mayBeNan } from './rewrite-not.js'

type BoundLeaf = Leaf<BoundReference, Value>

/** Rows that may hold a match of one leaf: each piece of evidence about its column alone may prove a row out. */
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
      return prunePrefix(utf8.encode(leaf.prefix), entry, rows)
    case 'notStartsWith':
      return pruneUniform(entry, nans, rows, each =>
        outsidePrefix(utf8.encode(leaf.prefix), entry, each),
      )
    case 'in':
      return pruneIn(
        sortedRaw(leaf.values, type),
        entry,
        keepHolding(entry.holds, HOLDS_VALUES, rows),
      )
    case 'notIn':
      return pruneUniform(entry, nans, rows, each =>
        outsideSet(sortedRaw(leaf.values, type), entry, each),
      )
  }
}

function pruneComparison(
  op: ComparisonOp,
  value: Raw,
  entry: ColumnStats,
  nans: number,
  rows: Selection,
): Selection {
  const { holds, lower, upper } = entry
  switch (op) {
    case 'eq': {
      const some = keepHolding(holds, HOLDS_VALUES, rows)
      const kept = lower ? dropWhere(lower, 'above', value, some) : some
      return upper ? dropWhere(upper, 'below', value, kept) : kept
    }
    case 'lt':
    case 'ltEq': {
      const kept = keepHolding(holds, HOLDS_VALUES, rows)
      return lower ? dropWhere(lower, op === 'lt' ? 'atLeast' : 'above', value, kept) : kept
    }
    case 'gt':
    case 'gtEq':
      return pruneGreater(op, value, entry, nans, rows)
    case 'notEq':
      return pruneUniform(entry, nans, rows, each => outsideValue(value, entry, each))
  }
}

/** NaN is greater than everything in some engines: what may hold it stays. */
function pruneGreater(
  op: 'gt' | 'gtEq',
  value: Raw,
  { holds, upper }: ColumnStats,
  nans: number,
  rows: Selection,
): Selection {
  if (nans !== 0 && holds === undefined) return rows
  const some = keepHolding(holds, HOLDS_VALUES, rows)
  const kept = upper ? dropWhere(upper, op === 'gt' ? 'atMost' : 'below', value, some) : some
  return nans === 0 ? kept : unionOf(kept, keepHolding(holds, nans, rows))
}

/**
 * The negative tests. A row goes only if it holds no nulls and no NaN, which some expression languages match, and its
 * values, if any, are proved to fail: `outside` keeps those of the given rows that are not.
 */
function pruneUniform(
  entry: ColumnStats,
  nans: number,
  rows: Selection,
  outside: (rows: Selection) => Selection,
): Selection {
  if (entry.holds === undefined) return rows
  const candidates = except(rows, keepHolding(entry.holds, HOLDS_NULLS | nans, rows))
  const withValues = keepHolding(entry.holds, HOLDS_VALUES, candidates)
  const kept = outside(withValues)
  return except(rows, except(candidates, kept))
}

function outsideValue(value: Raw, { lower, upper }: ColumnStats, rows: Selection): Selection {
  if (lower === undefined || upper === undefined) return rows
  const less = dropWhere(lower, 'atLeast', value, rows)
  return unionOf(less, dropWhere(upper, 'atMost', value, except(rows, less)))
}

/** Texts with a prefix lie in [prefix, successor): both bounds inside it prove that every value has it. */
function outsidePrefix(prefix: Uint8Array, entry: ColumnStats, rows: Selection): Selection {
  const { lower, upper } = entry
  // Every text starts with the empty one.
  if (prefix.length === 0) return rows.subarray(0, 0)
  const successor = successorOf(prefix)
  if (lower === undefined || upper === undefined || successor === undefined) return rows
  const less = dropWhere(lower, 'atLeast', prefix, rows)
  return unionOf(less, dropWhere(upper, 'below', successor, except(rows, less)))
}

function outsideSet(sorted: SortedValues, entry: ColumnStats, rows: Selection): Selection {
  const { lower, upper } = entry
  if (lower === undefined || upper === undefined || !fits(sorted, entry)) return rows
  // A bound is a member where fewer members lie below it than at or below it.
  const from = rankBounds(lower, sorted, 'atLeast', 0, rows)
  const fromEnd = rankBounds(lower, sorted, 'above', 0, rows)
  const to = rankBounds(upper, sorted, 'atLeast', 0, rows)
  const toEnd = rankBounds(upper, sorted, 'above', 0, rows)
  return rows.filter((_, i) => !(from[i]! < fromEnd[i]! && to[i]! < toEnd[i]! && from[i] === to[i]))
}

function prunePrefix(prefix: Uint8Array, entry: ColumnStats, rows: Selection): Selection {
  const { holds, lower, upper } = entry
  const successor = successorOf(prefix)
  let kept = keepHolding(holds, HOLDS_VALUES, rows)
  if (lower && successor) kept = dropWhere(lower, 'atLeast', successor, kept)
  if (upper) kept = dropWhere(upper, 'below', prefix, kept)
  return kept
}

/** Keeps rows whose [lower, upper] holds a member. First between the least and the greatest, which is cheap. */
function pruneIn(sorted: SortedValues, entry: ColumnStats, rows: Selection): Selection {
  const { lower, upper } = entry
  if (!fits(sorted, entry)) return rows
  let kept = rows
  if (lower) kept = dropWhere(lower, 'above', sorted[sorted.length - 1]!, kept)
  if (upper) kept = dropWhere(upper, 'below', sorted[0]!, kept)
  if (!lower || !upper || sorted.length === 1) return kept
  const first = rankBounds(lower, sorted, 'atLeast', 0, kept)
  const end = rankBounds(upper, sorted, 'above', sorted.length, kept)
  return kept.filter((_, i) => first[i]! < end[i]!)
}

function pruneByBucket(
  members: readonly Value[],
  type: DataType,
  entry: ColumnStats,
  rows: Selection,
): Selection {
  const kept = keepHolding(entry.holds, HOLDS_VALUES, rows)
  const buckets = new Set<number>()
  for (const member of members) {
    const bucket = bucketOf(member, type, entry.bucketCount ?? 0)
    if (bucket === undefined) return kept
    buckets.add(bucket)
  }
  const sorted = [...buckets].sort((a, b) => a - b)
  return pruneIn(sorted, entry, kept)
}

const utf8 = new TextEncoder()

/** A bound value as the column of its type stores it. */
export function rawOf(value: Value, type: DataType): Raw {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return utf8.encode(value)
  if (typeof value === 'bigint' && physicalKind(type) === 'bytes') return encodeWideDecimal(value)
  return value
}

function sortedRaw(values: readonly Value[], type: DataType): SortedValues {
  const raw = values.map(value => rawOf(value, type))
  raw.sort(compareRaw)
  const distinct = raw.filter((value, i) => i === 0 || compareRaw(raw[i - 1]!, value) !== 0)
  // All of one kind: bind gave every member the column's type.
  return distinct as unknown as SortedValues
}

function compareRaw(a: Raw, b: Raw): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

/** False where the bounds are of another kind than the members: then they say nothing. */
function fits(sorted: SortedValues, { lower, upper }: ColumnStats): boolean {
  const sample = sorted[0]
  return [lower, upper].every(bound => {
    if (bound === undefined || sample === undefined) return true
    const { kind } = bound.kind === 'dictionary' ? bound.values : bound
    if (kind === 'bytes') return sample instanceof Uint8Array
    return typeof sample === (kind === 'int64' ? 'bigint' : 'number')
  })
}

/** The least bytes above every text with `prefix`; undefined where there is none. */
function successorOf(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.length - 1
  if (last < 0 || prefix[last] === 0xff) return undefined
  const successor = prefix.slice()
  successor[last]! += 1
  return successor
}
