import {
  type BatchCache,
  type DataFile,
  type Field,
  type FileBatchHandle,
  inSlices,
  type LiveFiles,
  mapConcurrently,
  type ObjectStore,
  type PartitionSpec,
  type Schema,
  type Selection,
  Slices,
  type Snapshot,
  type Steps,
  selectAll,
  TableError,
  type TableSource,
  throwIfCancelled,
} from '@spillway/core'
import type { BootstrapIndex } from '../bootstrap/bootstrap-index.js'
import { withSources } from '../bootstrap/skeletons.js'
import type { TableConfig } from '../config/table-config.js'
import { checkedSlices, type ListingProof } from '../file-groups/checked-listing.js'
import { dataFileOf } from '../file-groups/data-file.js'
import { parseFileName } from '../file-groups/file-name.js'
import { FILES_IN_A_STEP, type ListedFile, type Visibility } from '../file-groups/file-slices.js'
import type { Listing } from '../file-groups/listing.js'
import { logCountOf, type SliceTable, sliceTable } from '../file-groups/slice-table.js'
import type { MetadataTable } from '../metadata-table/metadata-table.js'
import { evidenceReader } from '../pruning/evidence.js'
import {
  type PartitionRun,
  partitionFileList,
  partitionRuns,
} from '../pruning/partition-handles.js'
import {
  type PartitionColumn,
  type PathValue,
  partitionColumns,
  readPartitionPath,
} from '../pruning/partition-path.js'
import { summaryReader } from '../pruning/partition-stats.js'
import { sliceBatch } from '../pruning/slice-batch.js'
import type { SchemaHistory } from '../schema/schema-history.js'
import type { TypeChanges } from '../schema/type-changes.js'
import { type Generations, generationOf } from '../timeline/generations.js'
import { type Instant, instantMillis } from '../timeline/instant.js'
import { identityOf } from '../timeline/resolve.js'
import type { TableState } from '../timeline/table-state.js'

/** Everything a snapshot is made of. */
export interface SnapshotParts {
  readonly source: TableSource
  readonly state: TableState
  readonly store: ObjectStore
  readonly cache: BatchCache
  /** The last visible write; undefined in a table without any. */
  readonly write: Instant | undefined
  readonly isLatest: boolean
  readonly timeZone: string
  readonly schema: Schema
  /** Columns that hold nothing but null. */
  readonly nulls: ReadonlySet<string>
  readonly history: SchemaHistory | undefined
  readonly changed: TypeChanges
  readonly visibility: Visibility
  /** The same with the archive read: asked for where it may make a difference. */
  readonly exactVisibility: () => Promise<Visibility>
  readonly generations: Generations
  readonly listing: Listing
  readonly metadataTable: MetadataTable | undefined
  /** Where rows of skeletons are. */
  readonly bootstrap: BootstrapIndex
  /** What must be listed. */
  readonly proof: ListingProof
  readonly mergedLogs?: Snapshot['mergedLogs']
  readonly inspectLogs?: Snapshot['inspectLogs']
}

/** What this package's snapshots offer beside the common interface. */
export interface HudiSnapshot extends Snapshot {
  /** Values of the partition columns in the folder `path`. */
  partitionOf(path: string): DataFile['partition']
  /** Partition columns whose exact values the folders spell. */
  readonly inFolders: readonly Field[]
  /** True where the files' own partition columns, if any, do not count. */
  readonly dropsColumns: boolean
  /** What columns were called, where they were ever called something else. */
  readonly history: SchemaHistory | undefined
}

/** Partition columns and what each partition's path says about them. */
export interface Partitioning {
  readonly columns: readonly PartitionColumn[]
  readonly spec: PartitionSpec
  /** True where every path gives every column's exact value. */
  readonly exact: boolean
}

export async function hudiSnapshot(parts: SnapshotParts): Promise<HudiSnapshot> {
  const { state, source, write, schema } = parts
  const { config } = state
  const columns = partitionColumns(config, schema, parts.nulls)
  const runs = await inSlices(
    partitionRuns(parts.listing.partitions, path => readPartitionPath(path, columns, config)),
  )
  const partitioning = partitioningOf(columns, runs, config)
  // Of all its partitions: those of a listing that is at hand are loaded one after the other and wait for nothing.
  const turns = new Slices()
  const readOptimized = source.view === 'read-optimized'
  const { version, timestamp } = identityOf(write, parts.timeZone)
  return {
    source,
    format: 'hudi',
    tableId: `${state.root}#${config.name}`,
    version,
    timestamp,
    name: config.name,
    ...(readOptimized && config.tableType === 'MERGE_ON_READ' && { description: STALE }),
    schema,
    partitionSpecs: new Map([[0, partitioning.spec]]),
    properties: propertiesOf(config, { readOptimized, exact: partitioning.exact }),
    features: featuresOf(parts),
    // Source files of a bootstrap are whatever some other writer made of them, and dropped columns may be there.
    ...(config.foldersHoldValues && { shapesFrom: 'footers' as const }),
    history: parts.history,
    inFolders: inFolders(partitioning),
    dropsColumns: config.dropPartitionColumns,
    partitionOf: path => partitionValues(readPartitionPath(path, columns, config), partitioning),
    native: {
      format: 'hudi',
      tableVersion: config.tableVersion,
      tableType: config.tableType,
      instant: write?.begin ?? '',
      completionTime: write?.completion ?? '',
    },
    files: {
      ...partitionFileList(runs, columns, run => runHandle(run, { partitioning, parts, turns })),
      ...(hasPartitionStats(parts) && { readSummaries: summaryReader(runs, parts.metadataTable!) }),
    },
    ...(!readOptimized && parts.mergedLogs && { mergedLogs: parts.mergedLogs }),
    ...(!readOptimized && parts.inspectLogs && { inspectLogs: parts.inspectLogs }),
  }
}

/** What every recipient is told of a view that the provider chose and they did not. */
const STALE =
  'Read-optimized view: changes since the last compaction of each file group are not in it.'

/** The wire's partition columns are identities; where a path is less than that, rows are read from the files alone. */
function partitioningOf(
  columns: readonly PartitionColumn[],
  runs: readonly PartitionRun[],
  config: TableConfig,
): Partitioning {
  const exact =
    config.pathSpellings.every(spelling => spelling === 'plain') &&
    runs.every(run => run.values.every(values => values.every(value => value.kind === 'value')))
  if (config.dropPartitionColumns && !exact) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'the files lack the partition columns, and not every folder spells their values exactly',
      { context: { property: 'hoodie.datasource.write.drop.partition.columns' } },
    )
  }
  const fields = columns.map(({ field }, i) => ({
    id: 1000 + i,
    sourceIds: [field.id],
    name: field.name,
    transform: exact
      ? ({ kind: 'identity' } as const)
      : ({ kind: 'unknown', name: 'hudi-path' } as const),
  }))
  return { columns, exact, spec: { id: 0, fields } }
}

function propertiesOf(
  config: TableConfig,
  { readOptimized, exact }: { readonly readOptimized: boolean; readonly exact: boolean },
): ReadonlyMap<string, string> {
  const properties = new Map([['hoodie.table.type', config.tableType as string]])
  // Of a bootstrapped table this says what recipients get, whether or not a single file has the columns.
  if (config.foldersHoldValues && exact) {
    properties.set('hoodie.datasource.write.drop.partition.columns', 'true')
  }
  // Recipients must be able to see that rows may be older than the table's.
  if (config.tableType === 'MERGE_ON_READ') {
    properties.set('hudi.queryType', readOptimized ? 'read_optimized' : 'snapshot')
  }
  return properties
}

/**
 * Logs are not among them: which slices have any is known file by file, and a table whose slices have none is plain.
 */
function featuresOf({ history, changed }: SnapshotParts): ReadonlySet<string> {
  const features = new Set<string>()
  if (changed.widened) features.add('typeWidening')
  if (history?.renames === true || changed.converted) features.add('schemaOnRead')
  return features
}

/** Statistics of partitions are of the table as it is now, and go by the names that columns have now. */
function hasPartitionStats({ metadataTable, isLatest, history, state }: SnapshotParts): boolean {
  const isPartitioned = state.config.partitionFields.length > 0
  return (
    isLatest &&
    isPartitioned &&
    history === undefined &&
    // Of skeletons, that index tells what is in them.
    state.config.bootstrapBasePath === undefined &&
    metadataTable?.has('partition_stats') === true
  )
}

interface Loading {
  readonly partitioning: Partitioning
  readonly parts: SnapshotParts
  readonly turns: Slices
}

function runHandle(run: PartitionRun, { partitioning, parts, turns }: Loading): FileBatchHandle {
  const { source, state, write, cache } = parts
  const view = source.view ?? 'snapshot'
  // The latest snapshot's slices are named by what wrote them last, an older one's by its write.
  const version = `${parts.isLatest ? '' : write?.completion} ${parts.listing.kind} ${view}`
  const key = `hudi ${state.root} ${version} ${run.partitions[0]} ${run.partitions.length} ${generationOf(parts.generations, run.partitions)}`
  const fileCount = parts.listing.fileCount?.(run.partitions)
  return {
    ...(fileCount !== undefined && { fileCount }),
    async load(signal) {
      throwIfCancelled(signal)
      const load = async (loadSignal: AbortSignal): Promise<HudiBatch> => {
        const slices = await loadSlices(run, { partitioning, parts, turns }, loadSignal)
        return { ...(await inSlices(batchOf(slices, run, partitioning, parts), turns)), slices }
      }
      const batch = (await cache.get(key, load, signal)) as HudiBatch
      return liveFiles(batch.slices, run, { batch, partitioning, parts })
    },
  }
}

/** A batch as it lies in the cache, with what its files are made from. */
type HudiBatch = LiveFiles['batch'] & { readonly slices: SliceTable }

const PARTITIONS_AT_ONCE = 8

async function loadSlices(
  run: PartitionRun,
  { partitioning, parts, turns }: Loading,
  signal: AbortSignal,
): Promise<SliceTable> {
  const listed = await parts.listing.files(run.partitions, signal)
  const readOptimized = parts.source.view === 'read-optimized'
  const visibility = (await inSlices(hasArchivedLogs(listed.values(), parts.state), turns))
    ? await parts.exactVisibility()
    : parts.visibility
  const options = {
    ...parts,
    index: parts.bootstrap,
    needed: partitioning.exact ? [] : partitioning.columns.map(({ field }) => field.name),
    signal,
  }
  const { proof, listing } = parts
  const check = { ...proof, listing, visibility, withLogs: !readOptimized, turns, signal }
  const slices = await mapConcurrently(run.partitions, PARTITIONS_AT_ONCE, async partition => {
    const files = listed.get(partition) ?? []
    const checked = await checkedSlices(partition, files, check)
    const live = await withSources(partition, checked, options)
    if (!readOptimized) return { partition, slices: live }
    const based = live.filter(slice => slice.base !== undefined)
    return { partition, slices: based.map(slice => ({ ...slice, logs: [] })) }
  })
  return inSlices(sliceTable(parts.state.root, slices), turns)
}

/** From version 8 on, which slice a log belongs to depends on when its write completed: the archive knows of old ones. */
function* hasArchivedLogs(
  listed: Iterable<readonly ListedFile[]>,
  { config, timeline }: TableState,
): Steps<boolean> {
  const { start, completions } = timeline
  if (config.layout === 1 || start === undefined) return false
  let seen = 0
  for (const files of listed) {
    for (const { name } of files) {
      if (++seen % FILES_IN_A_STEP === 0) yield
      if (!name.startsWith('.')) continue
      const log = parseFileName(name)
      if (log !== undefined && log.instant < start && !completions.has(log.instant)) return true
    }
  }
  return false
}

function batchOf(
  table: SliceTable,
  run: PartitionRun,
  partitioning: Partitioning,
  parts: SnapshotParts,
): Steps<LiveFiles['batch']> {
  return sliceBatch({
    table,
    columns: partitioning.columns,
    values: run.values,
    readEvidence: evidenceReader(table, { ...parts, notInFiles: notInFiles(partitioning, parts) }),
  })
}

function notInFiles({ columns }: Partitioning, { state }: SnapshotParts): ReadonlySet<number> {
  return new Set(state.config.foldersHoldValues ? columns.map(({ field }) => field.id) : [])
}

function liveFiles(
  table: SliceTable,
  run: PartitionRun,
  options: {
    readonly batch: LiveFiles['batch']
    readonly partitioning: Partitioning
    readonly parts: SnapshotParts
  },
): LiveFiles {
  const { batch, partitioning, parts } = options
  const withLogs = table.logSize.length > 0
  return {
    batch,
    live: selectAll(table.length),
    ...(withLogs ? { deletedCounts: async (rows: Selection) => deletedCounts(table, rows) } : {}),
    async files(rows): Promise<readonly DataFile[]> {
      return [...rows].map(row =>
        dataFileOf(table, row, {
          partition: partitionValues(run.values[table.partition[row]!]!, partitioning),
          modified: (instant: string) => instantMillis(instant, parts.timeZone),
          history: parts.history,
          schema: parts.schema,
          inFolders: inFolders(partitioning),
          dropsColumns: parts.state.config.dropPartitionColumns,
        }),
      )
    },
  }
}

/** Partition columns whose exact values the folders spell. */
function inFolders({ columns, exact }: Partitioning): readonly Field[] {
  return exact ? columns.map(({ field }) => field) : []
}

function deletedCounts(table: SliceTable, rows: Selection): Float64Array {
  return Float64Array.from(rows, row =>
    logCountOf(table, row) === 0 && table.hasBase[row] === 1 ? 0 : Number.NaN,
  )
}

function partitionValues(values: readonly PathValue[], { exact }: Partitioning) {
  return values.map(value => (exact && value.kind === 'value' ? value.value : null))
}
