import {
  isTableError,
  type Snapshot,
  type SnapshotRef,
  TableError,
  type TableReader,
  type TableSource,
} from '@spillway/core'
import { archivedWrites } from './archived-timeline.js'
import { hudiChanges } from './changes.js'
import { refuseCleaned } from './cleaned.js'
import { type Instant, instantVersion, isCompletedWrite } from './instant.js'
import { type Listing, listStorage, requireListed } from './listing.js'
import { mergedLogsOf } from './merged-logs.js'
import { listMetadata } from './metadata-listing.js'
import { type MetadataTable, openMetadataTable } from './metadata-table.js'
import type { HudiReaderOptions } from './options.js'
import { identityOf, resolveWrite, zoneOf } from './resolve.js'
import { loadSchemaHistory } from './schema-history.js'
import { type HudiSnapshot, hudiSnapshot } from './snapshot.js'
import { findTableSchema } from './table-schema.js'
import { CommitLoader, loadTableState, rootOf, type TableState } from './table-state.js'
import { visibilityAt } from './visibility.js'

interface Known {
  readonly state: TableState
  readonly commits: CommitLoader
  readonly write: Instant | undefined
}

const LATEST: SnapshotRef = { kind: 'latest' }

/** Reads Apache Hudi tables: copy-on-write and merge-on-read, table versions 5, 6, 8 and 9. */
export function hudiReader(options: HudiReaderOptions): TableReader {
  const { store, timeZone = 'UTC' } = options
  const known = new WeakMap<Snapshot, Known>()
  return {
    format: 'hudi',
    async detect(source, signal) {
      const path = `${rootOf(source)}/.hoodie/hoodie.properties`
      return (await store.head(path, signal)) !== undefined
    },
    async resolve(source, ref, signal) {
      const state = await loadTableState(store, source, signal)
      const write = await findWrite(state, ref, options, signal)
      return identityOf(write, zoneOf(state.config, timeZone))
    },
    async snapshot(source, { at = LATEST, previous, signal } = {}) {
      const state = await loadTableState(store, source, signal)
      const write = await findWrite(state, at, options, signal)
      const before = previous && known.get(previous)
      if (previous && before && isSame(before, state, write, previous.source, source))
        return previous
      const commits = new CommitLoader(store, before?.commits)
      const snapshot = await buildSnapshot({
        source,
        state,
        write,
        commits,
        options,
        ...(signal && { signal }),
      })
      known.set(snapshot, { state, commits, write })
      return snapshot
    },
    async versions(source, signal) {
      const state = await loadTableState(store, source, signal)
      const archived = await archivedWrites(options, state, signal)
      return [...archived, ...state.timeline.writes].map(write => instantVersion(write.completion))
    },
    changes: (source, range, signal) =>
      hudiChanges(source, range, {
        options,
        snapshotAt: async version => {
          const state = await loadTableState(store, source, signal)
          const write = await findWrite(state, { kind: 'version', version }, options, signal)
          const commits = new CommitLoader(store)
          return buildSnapshot({
            source,
            state,
            write,
            commits,
            options,
            ...(signal && { signal }),
          })
        },
        listingOf: async state =>
          (await findListing({ state, options, ...(signal && { signal }) })).listing,
        ...(signal && { signal }),
      }),
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
    old.location === source.location &&
    (old.view ?? 'snapshot') === (source.view ?? 'snapshot')
  )
}

/** The write a reference means, looked for in the archive where the active timeline does not reach back to it. */
export async function findWrite(
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

export interface BuildOptions {
  readonly source: TableSource
  readonly state: TableState
  readonly write: Instant | undefined
  readonly commits: CommitLoader
  readonly options: HudiReaderOptions
  readonly signal?: AbortSignal
}

async function buildSnapshot(build: BuildOptions): Promise<HudiSnapshot> {
  const { source, state, write, commits, options, signal } = build
  const { store, cache } = options
  const { root, config, timeline } = state
  refuseFormat(config.baseFileFormat, root)
  const isLatest = write === timeline.writes[timeline.writes.length - 1]
  const archived = await archiveFor(build, isLatest)
  const writes = writesUpTo([...archived, ...timeline.writes], write)
  await commits.loadAll(
    writes.filter(w => w.action === 'replacecommit'),
    signal,
  )
  const found = await findTableSchema(store, root, config, {
    writes,
    commits,
    ...(signal && { signal }),
  })
  const asOf = isLatest ? undefined : write?.completion
  const history = await loadSchemaHistory(store, root, found.latestSchema, {
    ...(asOf === undefined ? {} : { asOf }),
    ...(signal && { signal }),
  })
  const visibility = visibilityAt({
    config,
    timeline: { ...timeline, writes: [...archived, ...timeline.writes] },
    commits: commits.loaded,
    ...(asOf === undefined ? {} : { asOf }),
  })
  const { listing, metadataTable } = await findListing(build)
  if (asOf !== undefined) {
    const later = timeline.writes.filter(w => w.completion > asOf)
    await refuseCleaned({ asOf, later, commits, listing, visibility, ...(signal && { signal }) })
  }
  const expected =
    write !== undefined && isLatest ? await expectedFiles(build, write, listing) : new Map()
  return hudiSnapshot({
    source,
    state,
    store,
    cache,
    write,
    isLatest,
    timeZone: zoneOf(config, options.timeZone ?? 'UTC'),
    schema: found.schema,
    history,
    visibility,
    listing,
    metadataTable,
    expected,
    ...(config.tableType === 'MERGE_ON_READ'
      ? {
          mergedLogs: mergedLogsOf({
            options,
            state,
            schema: found.schema,
            history,
            visibility,
            asOf,
          }),
        }
      : {}),
  })
}

function refuseFormat(format: string | undefined, root: string): void {
  if (format === undefined || format === 'parquet') return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the table keeps its rows in ${format.toUpperCase()} files; only Parquet can be served`,
    { context: { path: root, format } },
  )
}

/** Archived writes, where the snapshot lies before what the active timeline tells. */
async function archiveFor(build: BuildOptions, isLatest: boolean): Promise<readonly Instant[]> {
  const { state, write, options, signal } = build
  const { writes } = state.timeline
  if (isLatest || write === undefined) return []
  const isActive = writes.some(active => active.begin === write.begin)
  return isActive && write !== writes[0] ? [] : archivedWrites(options, state, signal)
}

function writesUpTo(writes: readonly Instant[], last: Instant | undefined): readonly Instant[] {
  if (last === undefined) return []
  return writes.filter(w => isCompletedWrite(w) && w.completion <= last.completion)
}

async function findListing(
  build: Pick<BuildOptions, 'state' | 'options' | 'signal'>,
): Promise<{ readonly listing: Listing; readonly metadataTable: MetadataTable | undefined }> {
  const { state, options, signal } = build
  const { root, config, timeline } = state
  const { store } = options
  const metadataTable = await openMetadataTable({
    store,
    root,
    config,
    timeline,
    ...(signal && { signal }),
  })
  if (metadataTable?.has('files') === true) {
    try {
      return { listing: await listMetadata(metadataTable, signal), metadataTable }
    } catch (error) {
      // The folders themselves are the truth; an index that cannot be read is not used at all.
      if (!isTableError(error) || !['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE'].includes(error.code))
        throw error
      return { listing: await listStorage(store, root, signal), metadataTable: undefined }
    }
  }
  return { listing: await listStorage(store, root, signal), metadataTable }
}

/** Files the last write made and nothing has replaced since: a listing without them is not the table's. */
async function expectedFiles(
  build: BuildOptions,
  write: Instant,
  listing: Listing,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const listed = new Set(listing.partitions)
  const commit = await build.commits.load(write, build.signal)
  const expected = new Map<string, readonly string[]>()
  for (const [partition, stats] of commit.writeStats) {
    const replaced = new Set(commit.replaced.get(partition) ?? [])
    const names = stats
      .filter(stat => !replaced.has(stat.fileId))
      .flatMap(stat => [fileName(stat.path), ...stat.logFiles])
      .filter(name => name !== '')
    if (!listed.has(partition)) requireListed(partition, [], names)
    expected.set(partition, names)
  }
  return expected
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
