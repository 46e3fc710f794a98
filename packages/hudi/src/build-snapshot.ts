import {
  inSlices,
  isTableError,
  type Schema,
  Slices,
  type Steps,
  TableError,
  type TableSource,
} from '@spillway/core'
import { bootstrapIndex } from './bootstrap/bootstrap-index.js'
import type { HudiReaderOptions } from './config/options.js'
import { checkedListing, type ListingProof } from './file-groups/checked-listing.js'
import { refuseCleaned } from './file-groups/cleaned.js'
import type { Visibility } from './file-groups/file-slices.js'
import { type Listing, listStorage } from './file-groups/listing.js'
import { provenFiles, withoutReplaced } from './file-groups/proven-files.js'
import { visibilityAt } from './file-groups/visibility.js'
import { logMethods } from './merging/log-methods.js'
import { listMetadata } from './metadata-table/metadata-listing.js'
import { type MetadataTable, openMetadataTable } from './metadata-table/metadata-table.js'
import { nullColumns, readTableSchema } from './schema/schema.js'
import { loadSchemaHistory } from './schema/schema-history.js'
import { typeChanges } from './schema/type-changes.js'
import { type HudiSnapshot, hudiSnapshot } from './snapshot/snapshot.js'
import { type FoundSchema, findTableSchema } from './snapshot/table-schema.js'
import { archivedWrites } from './timeline/archived-timeline.js'
import type { CommitLoader } from './timeline/commit-loader.js'
import type { Generations } from './timeline/generations.js'
import { type Instant, isCompletedWrite } from './timeline/instant.js'
import { zoneOf } from './timeline/resolve.js'
import type { TableState } from './timeline/table-state.js'

export interface BuildOptions {
  readonly source: TableSource
  readonly state: TableState
  readonly write: Instant | undefined
  readonly commits: CommitLoader
  readonly generations: Generations
  readonly options: HudiReaderOptions
  /** The listing, where it is known and only a few file groups will be looked at: those are checked by themselves. */
  readonly listing?: Listing
  readonly signal?: AbortSignal | undefined
}

/** The table at `build.write`, with everything that this takes: schema, visibility, listing and what is held against it. */
export async function buildSnapshot(build: BuildOptions): Promise<HudiSnapshot> {
  const { source, state, write, commits, options, signal } = build
  const { store, cache } = options
  const { root, config, timeline } = state
  refuseFormat(config.baseFileFormat, root)
  const turns = new Slices()
  const isLatest = write === timeline.writes[timeline.writes.length - 1]
  const archived = await archiveFor(build, isLatest)
  const writes = writesUpTo([...archived, ...timeline.writes], write)
  // All of them: any may have replaced file groups, or written under another schema.
  await commits.loadAll(writes, signal)
  const found = await findTableSchema(store, root, config, {
    writes,
    commits,
    signal,
  })
  const asOf = isLatest ? undefined : write?.completion
  const history = await loadSchemaHistory(store, root, found.latestSchema, {
    asOf,
    signal,
  })
  const visibility = await inSlices(
    visibilityAt({
      config,
      timeline: { ...timeline, writes: [...archived, ...timeline.writes] },
      commits: commits.loaded,
      asOf,
    }),
    turns,
  )
  const proof = await proofOf(build, writes, { visibility, asOf, turns })
  const { listing, metadataTable } = await filesOf(build, proof, visibility)
  const earlier = await inSlices(earlierSchemas(build, writes, found), turns)
  return hudiSnapshot({
    source,
    state,
    store,
    cache,
    write,
    isLatest,
    timeZone: zoneOf(config, options.timeZone ?? 'UTC'),
    schema: found.schema,
    nulls:
      found.avro === undefined
        ? new Set()
        : await inSlices(nullColumns(found.avro, store.budgets), turns),
    history,
    changed: await inSlices(typeChanges(found.schema, earlier), turns),
    visibility,
    exactVisibility: exactVisibility(build, asOf),
    generations: build.generations,
    listing,
    metadataTable,
    bootstrap: bootstrapIndex(store, root, source),
    proof,
    ...(config.tableType === 'MERGE_ON_READ' &&
      logMethods({ options, state, schema: found.schema, history, visibility, asOf })),
  })
}

const TEXTS_IN_A_STEP = 16

/**
 * The schemas that files may have been written under, besides the one that holds. The one the table was created with
 * stands for what the archive would tell: types only ever widen.
 */
function* earlierSchemas(
  { commits, state, options: { store } }: BuildOptions,
  writes: readonly Instant[],
  { avro }: FoundSchema,
): Steps<readonly Schema[]> {
  const { root, config } = state
  const texts = new Set<string>()
  let seen = 0
  const loaded = commits.loaded
  for (const text of [
    config.createSchema,
    ...writes.map(({ begin }) => loaded.get(begin)?.schema),
  ]) {
    if (text !== undefined && text !== avro) texts.add(text)
    // Schemas of megabytes are compared as a whole.
    if (++seen % TEXTS_IN_A_STEP === 0) yield
  }
  const { partitionFields } = config
  const options = { path: root, partitionFields, budgets: store.budgets }
  const schemas: Schema[] = []
  for (const text of texts) schemas.push(yield* readTableSchema(text, options))
  return schemas
}

/** What counts, with the completion times of archived writes as the archive has them; read once, if at all. */
function exactVisibility(build: BuildOptions, asOf: string | undefined): () => Promise<Visibility> {
  const { state, commits, options } = build
  let loading: Promise<Visibility> | undefined
  const load = async () => {
    const archived = await archivedWrites(options, state)
    return inSlices(
      visibilityAt({
        config: state.config,
        timeline: state.timeline,
        archived: new Map(archived.map(write => [write.begin, write.completion])),
        commits: commits.loaded,
        asOf,
      }),
    )
  }
  return () => {
    loading ??= load()
    return loading
  }
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

/** The files as an index or the folders list them, held against what commits say. A listing that is given is taken as it is. */
async function filesOf(
  build: BuildOptions,
  proof: ListingProof,
  visibility: Visibility,
): Promise<FoundListing> {
  const { state, commits, signal } = build
  if (build.listing !== undefined) return { listing: build.listing, metadataTable: undefined }
  const found = await checkedListing(await findListing(build), proof, signal)
  const { asOf } = proof
  if (asOf !== undefined) {
    const later = state.timeline.writes.filter(w => w.completion > asOf)
    const { listing } = found
    await refuseCleaned({ asOf, later, commits, listing, visibility, signal })
  }
  return found
}

interface FoundListing {
  readonly listing: Listing
  /** Undefined where there is none, or none that can be relied on. */
  readonly metadataTable: MetadataTable | undefined
}

/** What the metadata table lists, or else the folders. */
export async function findListing(
  build: Pick<BuildOptions, 'state' | 'options' | 'signal'>,
): Promise<FoundListing> {
  const { state, options, signal } = build
  const { root, config, timeline } = state
  const { store } = options
  const metadataTable = await openMetadataTable({
    store,
    root,
    config,
    timeline,
    signal,
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

/** What the active timeline proves; nothing where only a few file groups are looked at, which are checked themselves. */
async function proofOf(
  build: BuildOptions,
  writes: readonly Instant[],
  {
    visibility,
    asOf,
    turns,
  }: {
    readonly visibility: Visibility
    readonly asOf: string | undefined
    readonly turns: Slices
  },
): Promise<ListingProof> {
  const { state, commits, options, signal } = build
  const { root, timeline } = state
  const active = build.listing === undefined ? writes.filter(w => w.archived === undefined) : []
  const proven = await inSlices(
    provenFiles(active, { commits, visibility, start: timeline.start }),
    turns,
  )
  const settled = async () => {
    const replaced = new Map<string, Set<string>>()
    for (const { archived } of await archivedWrites(options, state, signal)) {
      for (const [partition, ids] of archived?.replaced ?? []) {
        const known = replaced.get(partition) ?? new Set()
        replaced.set(partition, known)
        for (const id of ids) known.add(id)
      }
    }
    const isReplaced = (partition: string, id: string) => replaced.get(partition)?.has(id) === true
    return inSlices(withoutReplaced(proven, isReplaced))
  }
  return { proven, settled, asOf, store: options.store, root }
}
