import { inSlices, Slices, type Steps } from '@spillway/core'
import type { CommitLoader } from './commit-loader.js'
import type { Instant } from './instant.js'
import { isWrite } from './instant.js'
import type { TableState } from './table-state.js'
import { INSTANTS_IN_A_STEP } from './timeline.js'

/** Names what the slices of each partition are, so that a partition that nobody wrote to is not read again. */
export interface Generations {
  /** The table when it was first looked at, or when something happened that may concern every partition. */
  readonly base: string
  /** Completion of the last write since then, by partition. */
  readonly touched: ReadonlyMap<string, string>
}

/** Completed, these leave the slices of partitions that they do not name as they were. */
const LOCAL = new Set(['commit', 'deltacommit', 'replacecommit', 'clean', 'savepoint', 'indexing'])

/** What changed between two looks at a table: known partitions, or, where it cannot be told, everything. */
export async function nextGenerations(
  before: { readonly state: TableState; readonly generations: Generations } | undefined,
  state: TableState,
  commits: CommitLoader,
  signal?: AbortSignal,
): Promise<Generations> {
  const fresh: Generations = { base: state.fingerprint, touched: new Map() }
  if (before === undefined || !sameProperties(before.state, state)) return fresh
  const slices = new Slices()
  const known = await inSlices(completedOf(before.state), slices)
  const now = await inSlices(completedOf(state), slices)
  const { start } = state.timeline
  // Archived instants leave from the start of the timeline; one that left from within was undone.
  const undone = [...known.values()].some(
    each => !now.has(keyOf(each)) && (start === undefined || each.begin >= start),
  )
  const added = [...now.values()].filter(each => !known.has(keyOf(each)))
  if (undone || added.some(each => !LOCAL.has(each.action))) return fresh
  const touched = new Map(before.generations.touched)
  for (const write of added.filter(isWrite)) {
    const commit = await commits.load(write, signal)
    for (const partition of [...commit.writeStats.keys(), ...commit.replaced.keys()]) {
      touched.set(partition, write.completion)
    }
  }
  return { base: before.generations.base, touched }
}

/** The part of a cache key that stands for the slices of these partitions. */
export function generationOf(
  { base, touched }: Generations,
  partitions: readonly string[],
): string {
  const latest = partitions.flatMap(partition => touched.get(partition) ?? [])
  return [base, ...latest].join(' ')
}

function* completedOf({ timeline }: TableState): Steps<ReadonlyMap<string, Instant>> {
  const completed = new Map<string, Instant>()
  for (const instant of timeline.instants) {
    if (instant.state !== 'completed') continue
    completed.set(keyOf(instant), instant)
    if (completed.size % INSTANTS_IN_A_STEP === 0) yield
  }
  return completed
}

function keyOf({ begin, action }: Instant): string {
  return `${begin} ${action}`
}

function sameProperties(a: TableState, b: TableState): boolean {
  const [left, right] = [a.config.properties, b.config.properties]
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value)
}
