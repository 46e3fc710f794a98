import { inSlices, type ObjectStore, Slices, type Steps, sorted, TableError } from '@spillway/core'
import type { TableConfig } from '../config/table-config.js'
import { type Instant, isCompletedWrite, isWrite, parseInstant } from './instant.js'

/** The active timeline: what its folder lists, in order. */
export interface Timeline {
  readonly instants: readonly Instant[]
  /** Completed commits, delta commits and replace commits, in the order they became visible. */
  readonly writes: readonly Instant[]
  /** Begin times of writes that have not completed. */
  readonly pending: ReadonlySet<string>
  /** Begin times of pending compactions: logs that later writes add are named after them (to version 6). */
  readonly pendingCompactions: ReadonlySet<string>
  /** Completion time by begin time, of everything completed. */
  readonly completions: ReadonlyMap<string, string>
  /**
   * Begin time of the first write that is here and not kept by a savepoint, pending ones included: what is older has
   * been archived, and was archived because it had completed.
   */
  readonly start: string | undefined
}

/** The active timeline as its folder lists it now. */
export async function loadTimeline(
  store: ObjectStore,
  root: string,
  config: TableConfig,
  signal?: AbortSignal,
): Promise<Timeline> {
  const folder = `${root}/${config.timelineFolder}/`
  const instants: Instant[] = []
  const slices = new Slices()
  // Instant names start with digits; '/' sorts just before them, so `.aux/`, `.temp/` and the like are not listed.
  const options = { startAfter: `${folder}/`, signal }
  for await (const file of store.list(folder, options)) {
    const name = file.path.slice(folder.length)
    if (name > ':') break
    const instant = parseInstant(name, file)
    if (instant !== undefined) instants.push(instant)
    if (slices.isOver) await slices.pause()
  }
  if (instants.length === 0 && config.timelineFolder !== USUAL_FOLDERS[config.layout]) {
    throw new TableError(
      'TABLE_CORRUPT',
      `expected the timeline of the table in ${config.timelineFolder}, as hoodie.timeline.path says, and found no instant there`,
      { context: { path: folder } },
    )
  }
  return inSlices(timelineOf(instants), slices)
}

/** Folders of a timeline by layout, where the properties name no other: before a table's first commit they are empty. */
const USUAL_FOLDERS: Readonly<Record<number, string>> = { 1: '.hoodie', 2: '.hoodie/timeline' }

export function* timelineOf(found: readonly Instant[]): Steps<Timeline> {
  const instants = yield* latestStates(found)
  const writes = yield* sorted(
    instants.filter(isCompletedWrite),
    (a, b) => compareText(a.completion, b.completion) || compareText(a.begin, b.begin),
  )
  yield
  const pending = instants.filter(i => i.state !== 'completed' && isWrite(i))
  const compactions = pending.filter(i => i.action === 'compaction')
  const completed = instants.filter(i => i.state === 'completed')
  yield
  const savepoints = new Set(instants.filter(i => i.action === 'savepoint').map(i => i.begin))
  return {
    instants,
    writes,
    pending: new Set(pending.map(i => i.begin)),
    pendingCompactions: new Set(compactions.map(i => i.begin)),
    completions: new Map(completed.map(i => [i.begin, i.completion])),
    start: instants.find(i => isWrite(i) && !savepoints.has(i.begin))?.begin,
  }
}

/** Instants that are looked at at once: about a millisecond. */
export const INSTANTS_IN_A_STEP = 1024

/**
 * One instant a begin time and kind, in its last state. A pending compaction and the commit it completes as are the
 * same thing, and so are a pending clustering and its replace commit.
 */
function* latestStates(found: readonly Instant[]): Steps<readonly Instant[]> {
  const rank = { requested: 0, inflight: 1, completed: 2 }
  const latest = new Map<string, Instant>()
  for (const instant of found) {
    const key = `${instant.begin} ${isWrite(instant) ? 'write' : instant.action}`
    const known = latest.get(key)
    if (known === undefined || rank[known.state] < rank[instant.state]) latest.set(key, instant)
    if (latest.size % INSTANTS_IN_A_STEP === 0) yield
  }
  return yield* sorted([...latest.values()], (a, b) => compareText(a.begin, b.begin))
}

/** Instants are digits, so UTF-16 order is their order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
