import type { PrunePredicate, Selection, StatsTable } from '@spillway/core'
import { prune } from './prune.js'

/** Rows times conditions of one piece of work: some ten milliseconds. */
const WORK_PER_TURN = 2_000_000
const FEWEST_ROWS = 256

/** Rows that `prune` keeps, a piece at a time where it is much, with a turn between: a row survives by its own statistics alone. */
export async function pruneInTurns(
  predicate: PrunePredicate,
  stats: StatsTable,
  rows: Selection,
  turn: ((milliseconds: number) => Promise<void>) | undefined,
): Promise<Selection> {
  if (turn === undefined) return prune(predicate, stats, rows)
  const perTurn = Math.max(FEWEST_ROWS, Math.floor(WORK_PER_TURN / conditionsOf(predicate)))
  if (rows.length <= perTurn) return timed(() => prune(predicate, stats, rows), turn, rows.length)
  const kept: Selection[] = []
  for (let start = 0; start < rows.length; start += perTurn) {
    const some = rows.subarray(start, start + perTurn)
    kept.push(await timed(() => prune(predicate, stats, some), turn, perTurn))
  }
  return joined(kept)
}

/** Small tables are planned without a wait. */
const ROWS_WITHOUT_TURN = 4096

/** Looks at `rows` rows at once, and lets others go on where that was much. */
export async function timed<Result>(
  work: () => Result,
  turn: (milliseconds: number) => Promise<void>,
  rows: number,
): Promise<Result> {
  const start = performance.now()
  const found = work()
  const took = performance.now() - start
  if (rows > ROWS_WITHOUT_TURN || took > 1) await turn(took)
  return found
}

function joined(parts: readonly Selection[]): Selection {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function conditionsOf(predicate: PrunePredicate): number {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return predicate.operands.reduce((sum, each) => sum + conditionsOf(each), 1)
    case 'in':
    case 'notIn':
      return 1 + predicate.values.length
    default:
      return 1
  }
}
