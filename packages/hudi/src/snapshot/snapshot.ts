import {
  type DataFile,
  type Field,
  type FormatFacts,
  inSlices,
  Slices,
  type Snapshot,
} from '@spillway/core'
import type { TableConfig } from '../config/table-config.js'
import { partitionFileList, partitionRuns } from '../pruning/partition-handles.js'
import { partitionColumns, readPartitionPath } from '../pruning/partition-path.js'
import { summaryReader } from '../pruning/partition-stats.js'
import type { SchemaHistory } from '../schema/schema-history.js'
import { identityOf } from '../timeline/resolve.js'
import { inFolders, partitioningOf, partitionValues } from './partitioning.js'
import { runHandle } from './run-handle.js'
import type { SnapshotParts } from './snapshot-parts.js'

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

/** The table at one write as the common interface has it; nothing of its files is read before they are asked for. */
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
    ...formatFacts(config, { readOptimized, exact: partitioning.exact }),
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
      // Before a partition is read, a listing of it tells of all slices.
      countsEveryVersion: true,
      ...partitionFileList(runs, columns, run => runHandle(run, { partitioning, parts, turns })),
      ...(hasPartitionStats(parts) && { readSummaries: summaryReader(runs, parts.metadataTable!) }),
    },
    ...(!readOptimized && parts.mergedLogs && { mergedLogs: parts.mergedLogs }),
    ...(!readOptimized && parts.inspectLogs && { inspectLogs: parts.inspectLogs }),
  }
}

/** How the view that was asked for keeps data: a read-optimized one has no logs. */
function formatFacts(
  { tableType, foldersHoldValues }: TableConfig,
  { readOptimized, exact }: { readonly readOptimized: boolean; readonly exact: boolean },
): FormatFacts {
  return {
    columnMatching: { by: 'name' },
    deletes: tableType === 'MERGE_ON_READ' && !readOptimized ? 'log-files' : 'none',
    changeFeed: 'compared',
    // Of a bootstrapped table this says what recipients get, whether or not a single file has the columns.
    partitionValues: foldersHoldValues && exact ? 'files-or-metadata' : 'files',
    modificationTimes: 'file',
  }
}

/** What every recipient is told of a view that the provider chose and they did not. */
const STALE =
  'Read-optimized view: changes since the last compaction of each file group are not in it.'

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
