import {
  fencedStore,
  isTableError,
  type Snapshot,
  type SnapshotRef,
  type TableReader,
  type TableSource,
} from '@spillway/core'
import { buildSnapshot, findListing } from './build-snapshot.js'
import { type ChangesContext, hudiChanges } from './changes/changes.js'
import type { HudiReaderOptions } from './config/options.js'
import { archivedWrites } from './timeline/archived-timeline.js'
import { CommitLoader } from './timeline/commit-loader.js'
import { type Generations, nextGenerations } from './timeline/generations.js'
import { type Instant, instantVersion } from './timeline/instant.js'
import { identityOf, resolveWrite, zoneOf } from './timeline/resolve.js'
import { loadTableState, rootOf, type TableState } from './timeline/table-state.js'

interface Known {
  readonly state: TableState
  readonly generations: Generations
  readonly commits: CommitLoader
  readonly write: Instant | undefined
}

const LATEST: SnapshotRef = { kind: 'latest' }

/** Reads Apache Hudi tables: copy-on-write and merge-on-read, table versions 5, 6, 8 and 9. */
export function hudiReader(given: HudiReaderOptions): TableReader {
  const { timeZone = 'UTC' } = given
  /** The options for one table, whose store reaches nothing else. */
  const optionsFor = (source: TableSource): HudiReaderOptions => ({
    ...given,
    store: fencedStore(given.store, source),
  })
  const known = new WeakMap<Snapshot, Known>()
  return {
    format: 'hudi',
    async detect(source, signal) {
      const { store } = optionsFor(source)
      const path = `${rootOf(source)}/.hoodie/hoodie.properties`
      return (await store.head(path, signal)) !== undefined
    },
    async resolve(source, ref, signal) {
      const options = optionsFor(source)
      const state = await loadTableState(options.store, source, signal)
      const write = await findWrite(state, ref, options, signal)
      return identityOf(write, zoneOf(state.config, timeZone))
    },
    async snapshot(source, { at = LATEST, previous, signal } = {}) {
      const options = optionsFor(source)
      const { store } = options
      const state = await loadTableState(store, source, signal)
      const write = await findWrite(state, at, options, signal)
      const before = previous && known.get(previous)
      if (previous && before && isSame(before, state, write, previous.source, source))
        return previous
      const commits = new CommitLoader(store, before?.commits)
      const generations = await nextGenerations(before, state, commits, signal)
      const snapshot = await buildSnapshot({
        source,
        state,
        write,
        commits,
        generations,
        options,
        signal,
      })
      known.set(snapshot, { state, generations, commits, write })
      return snapshot
    },
    async versions(source, signal) {
      const options = optionsFor(source)
      const state = await loadTableState(options.store, source, signal)
      const archived = await archivedWrites(options, state, signal)
      return [...archived, ...state.timeline.writes].map(write => instantVersion(write.completion))
    },
    changes(source, range, signal) {
      return hudiChanges(source, range, changesContext(source, optionsFor(source), signal))
    },
  }
}

/** How changes get at the table: at one write its snapshot, and the listing that all of them share. */
function changesContext(
  source: TableSource,
  options: HudiReaderOptions,
  signal?: AbortSignal,
): ChangesContext {
  return {
    options,
    snapshotAt: ({ state, write, commits, listing }) =>
      buildSnapshot({
        source,
        state,
        write,
        commits,
        listing,
        generations: { base: state.fingerprint, touched: new Map() },
        options,
        signal,
      }),
    listingOf: async state => (await findListing({ state, options, signal })).listing,
    signal,
  }
}

function isSame(
  before: Known,
  state: TableState,
  write: Instant | undefined,
  old: TableSource,
  source: TableSource,
): boolean {
  return (
    before.state.fingerprint === state.fingerprint &&
    before.write?.begin === write?.begin &&
    JSON.stringify(old) === JSON.stringify(source)
  )
}

/** The write a reference means, looked for in the archive where the active timeline does not reach back to it. */
async function findWrite(
  state: TableState,
  ref: SnapshotRef,
  options: HudiReaderOptions,
  signal?: AbortSignal,
): Promise<Instant | undefined> {
  const { timeline, config } = state
  const timeZone = zoneOf(config, options.timeZone ?? 'UTC')
  try {
    return resolveWrite(timeline, ref, timeZone)
  } catch (error) {
    if (!isTableError(error) || ref.kind === 'latest') throw error
    const archived = await archivedWrites(options, state, signal)
    if (archived.length === 0) throw error
    return resolveWrite({ writes: [...archived, ...timeline.writes] }, ref, timeZone)
  }
}
