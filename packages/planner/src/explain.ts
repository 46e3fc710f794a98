import {
  type BoundReference,
  type ColumnStats,
  decodeText,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type Leaf,
  leafOf,
  type PrimitiveType,
  type PrunePredicate,
  pathAt,
  readValue,
  type Snapshot,
  type StatsTable,
  type Value,
} from '@spillway/core'
import { planScan } from './plan.js'
import { fieldsOf } from './predicates/fields.js'
import { literalText, predicateText } from './predicates/predicate-text.js'
import { unbound } from './predicates/unbound.js'
import { prune } from './prune/prune.js'
import { pruneBatches } from './scan/prune-batches.js'
import type { ScanOptions } from './scan/scan-options.js'

/** Why one row of statistics may or cannot hold a match: a tree like the predicate's. */
export interface Explanation {
  readonly kept: boolean
  /** The part of the predicate, as SQL. */
  readonly predicate: string
  /** What the statistics say about its column; absent for AND and OR. */
  readonly statistics?: string
  readonly operands: readonly Explanation[]
}

/** A file of a snapshot, or a batch that was pruned whole, and why. */
export interface FileExplanation {
  /** Absent for a whole batch. */
  readonly path?: string
  readonly fileCount?: number | undefined
  readonly kept: boolean
  readonly by: 'summary' | 'partition' | 'stats'
  readonly explanation: Explanation
}

/** Why `row` of `stats` is kept or pruned. */
export function explain(predicate: PrunePredicate, stats: StatsTable, row: number): Explanation {
  const text = predicateText(unbound(predicate))
  if (
    stats.recordCount[row] === 0 &&
    predicate.kind !== 'alwaysTrue' &&
    predicate.kind !== 'unknown'
  ) {
    return { kept: false, predicate: text, statistics: 'no rows', operands: [] }
  }
  const kept = prune(predicate, stats, Uint32Array.of(row)).length === 1
  switch (predicate.kind) {
    case 'and':
    case 'or': {
      const operands = predicate.operands.map(operand => explain(operand, stats, row))
      return { kept, predicate: text, operands }
    }
    case 'alwaysTrue':
    case 'alwaysFalse':
      return { kept, predicate: text, operands: [] }
    case 'unknown':
      return { kept, predicate: text, statistics: predicate.reason, operands: [] }
    default:
      return {
        kept,
        predicate: text,
        statistics: statisticsText(predicate, stats, row),
        operands: [],
      }
  }
}

/** An explanation as indented lines. */
export function explanationLines(explanation: Explanation, indent = ''): readonly string[] {
  const { kept, predicate, statistics, operands } = explanation
  const verdict = kept ? 'may match' : 'cannot match'
  const line = `${indent}${predicate}: ${verdict}${statistics === undefined ? '' : ` (${statistics})`}`
  return [line, ...operands.flatMap(operand => explanationLines(operand, `${indent}  `))]
}

/** Every live file of the batches whose summary survives, and every batch whose summary does not. */
export async function* explainScan(
  snapshot: Snapshot,
  options: ScanOptions = {},
): AsyncGenerator<FileExplanation> {
  const { predicate } = planScan(snapshot, options)
  const { kept, statistics } = await pruneBatches(snapshot.files, predicate, options)
  let next = 0
  for (const [index, handle] of snapshot.files.handles.entries()) {
    if (kept[next] === index) {
      next++
      yield* explainBatch(await handle.load(options.signal), predicate, options.signal)
      continue
    }
    const explanation = explain(predicate, statistics(index), index)
    const count = handle.fileCount === undefined ? {} : { fileCount: handle.fileCount }
    yield { ...count, kept: false, by: 'summary', explanation }
  }
}

async function* explainBatch(
  { batch, live }: Awaited<ReturnType<Snapshot['files']['handles'][number]['load']>>,
  predicate: PrunePredicate,
  signal: AbortSignal | undefined,
): AsyncGenerator<FileExplanation> {
  const fields = fieldsOf(predicate)
  const atHand = new Set(
    prune(predicate, batch.stats, live).filter(row => explain(predicate, batch.stats, row).kept),
  )
  const left = Uint32Array.from(atHand)
  const stats =
    fields.length === 0 || left.length === 0
      ? batch.stats
      : await batch.readStats(fields, left, signal)
  for (const row of live) {
    const path = decodeText(pathAt(batch, row))
    if (atHand.has(row)) {
      const explanation = explain(predicate, stats, row)
      yield { path, kept: explanation.kept, by: 'stats', explanation }
    } else {
      yield {
        path,
        kept: false,
        by: 'partition',
        explanation: explain(predicate, batch.stats, row),
      }
    }
  }
}

function statisticsText(leaf: Leaf<BoundReference, Value>, stats: StatsTable, row: number): string {
  const field = leafOf(leaf.ref.path)
  const entries = stats.columns.get(field.id) ?? []
  const texts = entries.map(entry => entryText(entry, row, field.type as PrimitiveType))
  const known = texts.filter(text => text !== '')
  return known.length === 0 ? 'no statistics' : known.join('; ')
}

function entryText(entry: ColumnStats, row: number, type: PrimitiveType): string {
  const shownType = entry.bucketCount === undefined ? type : 'int'
  const lower = boundText(entry.lower, row, shownType)
  const upper = boundText(entry.upper, row, shownType)
  const parts: string[] = []
  if (lower !== undefined || upper !== undefined) {
    const what = entry.bucketCount === undefined ? 'values' : `buckets of ${entry.bucketCount}`
    parts.push(`${what} from ${lower ?? 'unknown'} to ${upper ?? 'unknown'}`)
  }
  if (entry.holds !== undefined) parts.push(...holdsText(entry.holds[row]!, type))
  return parts.join(', ')
}

function holdsText(holds: number, type: PrimitiveType): readonly string[] {
  const parts: string[] = []
  if ((holds & HOLDS_VALUES) === 0) parts.push('no values')
  if ((holds & HOLDS_NULLS) === 0) parts.push('no nulls')
  if ((holds & HOLDS_NANS) === 0 && (type === 'float' || type === 'double')) parts.push('no NaN')
  return parts
}

function boundText(
  column: ColumnStats['lower'],
  row: number,
  type: PrimitiveType,
): string | undefined {
  const value = column && readValue(column, row, type)
  return value === undefined || value === null ? undefined : literalText({ value, type })
}
