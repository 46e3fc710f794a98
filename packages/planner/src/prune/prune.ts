import {
  except,
  type PrunePredicate,
  type Selection,
  type StatsTable,
  unionOf,
} from '@spillway/core'
import { notTrue } from '../predicates/rewrite-not.js'
import { pruneLeaf } from './prune-leaf.js'

const NOTHING = new Uint32Array(0)

/** Rows of `stats` that may hold a match. A row is dropped only when its bounds prove it holds none. */
export function prune(predicate: PrunePredicate, stats: StatsTable, rows: Selection): Selection {
  if (rows.length === 0) return rows
  switch (predicate.kind) {
    case 'alwaysFalse':
      return NOTHING
    case 'alwaysTrue':
    case 'unknown':
      return rows
    case 'and':
      return predicate.operands.reduce((kept, operand) => prune(operand, stats, kept), rows)
    case 'or':
      return pruneAny(predicate.operands, stats, rows)
    default:
      return pruneLeaf(predicate, stats, rows)
  }
}

/** Rows whose every live row satisfies the predicate, under every reading of nulls and NaN. No second evaluator. */
export function matchesAll(
  predicate: PrunePredicate,
  stats: StatsTable,
  rows: Selection,
): Selection {
  return except(rows, prune(notTrue(predicate), stats, rows))
}

/** What one operand keeps, the next need not look at. */
function pruneAny(
  operands: readonly PrunePredicate[],
  stats: StatsTable,
  rows: Selection,
): Selection {
  let kept: Selection = NOTHING
  let open = rows
  for (const operand of operands) {
    const found = prune(operand, stats, open)
    if (found.length === open.length) return rows
    kept = unionOf(kept, found)
    open = except(open, found)
  }
  return kept
}
