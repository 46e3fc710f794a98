import {
  type Predicate,
  type PrunePredicate,
  readString,
  type Selection,
  type Snapshot,
  type StatsTable,
} from '@spillway/core'
import {
  bind,
  fieldsOf,
  matchesAll,
  type PageMark,
  planScan,
  prune,
  rewriteNot,
  type ScanPlan,
} from '@spillway/planner'
import {
  allReadings,
  fileIndex,
  filePath,
  type LogicalTable,
  liveRows,
  Random,
  type Reading,
  randomPredicate,
  randomTable,
  rowTest,
  type TableWriter,
} from '@spillway/testkit'
import { describeCounterexample } from './counterexample.js'

const PREDICATES_PER_TABLE = 25
const READINGS_PER_PAIR = 3

const UTC_READINGS = allReadings([0])
const ZONED_READINGS = allReadings([0, -720, 840, 330])

export interface PropertyOptions {
  readonly pairs: number
  readonly seed: number
}

/** How much was proved: a property that prunes nothing holds for nothing. */
export interface PropertyResult {
  readonly pairs: number
  readonly files: number
  readonly pruned: number
  /** Files without a matching row under any reading that was asked. */
  readonly prunable: number
  readonly certain: number
}

/** The first pair that fails, shrunk, as text. */
export interface Counterexample {
  readonly message: string
}

export interface Case {
  readonly table: LogicalTable
  readonly snapshot: Snapshot
  readonly predicate: Predicate
  readonly readings: readonly Reading[]
  readonly zonelessLiterals: 'utc' | 'unknown'
  /** How often a file is listed where that is not once. */
  readonly listings: ReadonlyMap<number, number>
}

/**
 * Random (table, predicate) pairs against brute force over the rows. For every reading of what SQL leaves open: no
 * file with a matching live row is pruned, not one of its listings, no file is said to match whole that does not, a limit
 * leaves enough, and pages have together what the whole answer has.
 */
export async function checkSoundness(
  writer: TableWriter,
  { pairs, seed }: PropertyOptions,
): Promise<PropertyResult | Counterexample> {
  const total = { pairs: 0, files: 0, pruned: 0, prunable: 0, certain: 0 }
  for (let round = 0; total.pairs < pairs; round++) {
    const tableSeed = (seed + round * 7919) | 0
    const random = new Random(tableSeed)
    const table = randomTable({ types: writer.types as never, deletes: writer.deletes }, random)
    const snapshot = await writer.write(table, random)
    const listings = writer.listings?.(snapshot) ?? new Map<number, number>()
    for (let i = 0; i < PREDICATES_PER_TABLE && total.pairs < pairs; i++) {
      const zonelessLiterals = random.chance(0.3) ? 'utc' : 'unknown'
      const readings = Array.from({ length: READINGS_PER_PAIR }, () =>
        random.pick(zonelessLiterals === 'utc' ? UTC_READINGS : ZONED_READINGS),
      )
      const predicate = randomPredicate(table, random)
      const one: Case = { table, snapshot, predicate, readings, zonelessLiterals, listings }
      const failure = await checkPair(one, random.integer(0, 6), total)
      if (failure !== undefined) {
        const found = { failure, tableSeed, writer: writer.name }
        return { message: await describeCounterexample(one, found, failsAlike) }
      }
    }
  }
  return total
}

/** How often each file was kept. */
type Kept = ReadonlyMap<string, number>

interface Totals {
  pairs: number
  files: number
  pruned: number
  prunable: number
  certain: number
}

async function checkPair(one: Case, limit: number, total: Totals): Promise<string | undefined> {
  const { table, snapshot, predicate, zonelessLiterals } = one
  const kept = await keptPaths(snapshot, predicate, { zonelessLiterals })
  const failure =
    lostFile(one, kept) ??
    (await wronglyCertain(one, kept, total)) ??
    (await pagesDiffer(one, kept, limit + 1))
  if (failure !== undefined) return failure
  const limited = await keptPaths(snapshot, predicate, { zonelessLiterals, limit })
  total.pairs++
  total.files += table.files.length
  total.pruned += table.files.length - kept.size
  total.prunable += table.files.filter((_, index) => !mayMatch(one, index)).length
  return limitLeavesTooFew(one, { kept, limited, limit })
}

async function keptPaths(
  snapshot: Snapshot,
  predicate: Predicate,
  options: { readonly zonelessLiterals: 'utc' | 'unknown'; readonly limit?: number },
): Promise<Kept> {
  const kept = new Map<string, number>()
  await addKept(kept, planScan(snapshot, { predicate, ...options }))
  return kept
}

async function addKept(kept: Map<string, number>, plan: ScanPlan): Promise<void> {
  for await (const { files, selection } of plan) {
    for (const row of selection) {
      const path = filePath(fileIndex(readString(files.batch.path, row)))
      kept.set(path, (kept.get(path) ?? 0) + 1)
    }
  }
}

/** Every page of `maxFiles` files, one after the other, against the whole answer. */
async function pagesDiffer(
  { snapshot, predicate, zonelessLiterals }: Case,
  kept: Kept,
  maxFiles: number,
): Promise<string | undefined> {
  const paged = new Map<string, number>()
  let after: PageMark | undefined
  do {
    const page = { maxFiles, ...(after && { after }) }
    const plan = planScan(snapshot, { predicate, zonelessLiterals, page })
    await addKept(paged, plan)
    after = plan.nextPage
  } while (after !== undefined)
  for (const path of new Set([...kept.keys(), ...paged.keys()])) {
    const [whole = 0, inPages = 0] = [kept.get(path), paged.get(path)]
    if (whole !== inPages) return `${path} is in the answer ${whole} times and in pages ${inPages}`
  }
  return undefined
}

function matchCounts({ table, predicate, readings }: Case, index: number): readonly number[] {
  const rows = liveRows(table.files[index]!)
  return readings.map(reading => {
    const test = rowTest(predicate, table.schema, reading)
    return rows.reduce((count, row) => count + (test(row) === true ? 1 : 0), 0)
  })
}

function mayMatch(one: Case, index: number): boolean {
  return matchCounts(one, index).some(count => count > 0)
}

function lostFile(one: Case, kept: Kept): string | undefined {
  const stray = [...kept.keys()].find(path => !(fileIndex(path) < one.table.files.length))
  if (stray !== undefined) return `${stray} is not in the table`
  for (const index of one.table.files.keys()) {
    if (!kept.has(filePath(index)) && mayMatch(one, index)) {
      return `${filePath(index)} holds a matching row and was pruned`
    }
    const [found = 0, listed = 1] = [kept.get(filePath(index)), one.listings.get(index)]
    if (found > listed || (found < listed && mayMatch(one, index))) {
      return `${filePath(index)} is listed ${listed} times and was kept ${found} times`
    }
  }
  return undefined
}

/** The failure of `one` under any limit, if it is like `failure` but for its numbers. */
async function failsAlike(one: Case, failure: string): Promise<boolean> {
  const kind = (text: string | undefined) => text?.replace(/[\d,]+/g, '')
  for (let limit = 0; limit <= 6; limit++) {
    const total = { pairs: 0, files: 0, pruned: 0, prunable: 0, certain: 0 }
    if (kind(await checkPair(one, limit, total)) === kind(failure)) return true
  }
  return false
}

/** The laws of the evaluator itself, over the same statistics. */
async function wronglyCertain(one: Case, kept: Kept, total: Totals): Promise<string | undefined> {
  const { table, snapshot, predicate } = one
  const bound = rewriteNot(bind(predicate, snapshot.schema, one).predicate)
  for (const handle of snapshot.files.handles) {
    const { batch, live } = await handle.load()
    const stats = await batch.readStats(fieldsOf(bound), live)
    const law = brokenLaw(bound, stats, live)
    if (law !== undefined) return law
    for (const row of matchesAll(bound, stats, live)) {
      const index = fileIndex(readString(batch.path, row))
      total.certain++
      const rows = liveRows(table.files[index]!)
      if (matchCounts(one, index).some(count => count < rows.length)) {
        return `${filePath(index)} is said to match whole and does not`
      }
      if (rows.length > 0 && !kept.has(filePath(index)))
        return `${filePath(index)} is certain and lost`
    }
  }
  return undefined
}

/** Pruning twice equals once, and a batch at once equals its rows one at a time. */
function brokenLaw(
  predicate: PrunePredicate,
  stats: StatsTable,
  live: Selection,
): string | undefined {
  const once = prune(predicate, stats, live)
  const twice = prune(predicate, stats, once)
  if (once.join() !== twice.join())
    return `pruning twice differs: ${once.join()} then ${twice.join()}`
  const single = live.filter(row => prune(predicate, stats, Uint32Array.of(row)).length === 1)
  if (single.join() !== once.join())
    return `rows one at a time differ: ${single.join()} not ${once.join()}`
  return undefined
}

interface LimitOutcome {
  readonly kept: Kept
  readonly limited: Kept
  readonly limit: number
}

function limitLeavesTooFew(one: Case, { kept, limited, limit }: LimitOutcome): string | undefined {
  if (countOf(limited) === countOf(kept)) return undefined
  for (const reading of one.readings.keys()) {
    let held = 0
    for (const [path, times] of limited) {
      held += times * matchCounts(one, fileIndex(path))[reading]!
    }
    if (held < limit) return `a limit of ${limit} left files with ${held} matching rows only`
  }
  return undefined
}

function countOf(kept: Kept): number {
  return [...kept.values()].reduce((sum, times) => sum + times, 0)
}
