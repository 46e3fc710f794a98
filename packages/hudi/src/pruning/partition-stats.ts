import {
  type ColumnStats,
  compareValues,
  type FieldPath,
  type FileList,
  HOLDS_ANYTHING,
  inSlices,
  isTableError,
  leafOf,
  physicalKind,
  type StatsTable,
  type Steps,
  unknownStats,
} from '@spillway/core'
import { columnStatsInSteps, type FooterStats } from '@spillway/encoding'
import { columnStatistics } from '../metadata-table/column-stats.js'
import type { IndexReplay } from '../metadata-table/metadata-index.js'
import { columnKey, partitionKey } from '../metadata-table/metadata-key.js'
import type { MetadataTable } from '../metadata-table/metadata-table.js'
import { unionStatistics } from '../metadata-table/union-statistics.js'
import type { PartitionRun } from './partition-handles.js'

const UNKNOWN: FooterStats = { nullCount: Number.NaN, holds: HOLDS_ANYTHING }

/**
 * Bounds of columns over whole partitions, from the metadata table's partition_stats. Only the bounds are used: files
 * written before a column existed hold nulls that nobody counted there.
 */
export function summaryReader(
  runs: readonly PartitionRun[],
  index: MetadataTable,
): NonNullable<FileList['readSummaries']> {
  return async (fields, rows, signal) => {
    const columns = fields.map(path => ({
      path,
      key: columnKey(path.map(field => field.name).join('.')),
    }))
    const partitions = await inSlices(partitionKeys(runs, rows))
    const keys = columns.flatMap(column =>
      [...partitions.values()].flatMap(each => each.map(partition => column.key + partition)),
    )
    const found = await lookUp(index, keys, signal)
    if (found === undefined) return unknownStats(runs.length)
    return inSlices(summariesOf(columns, { partitions, found, length: runs.length }))
  }
}

/** Keys of each partition, by run. */
type PartitionKeys = ReadonlyMap<number, readonly string[]>

function* partitionKeys(
  runs: readonly PartitionRun[],
  rows: Iterable<number>,
): Steps<PartitionKeys> {
  const keys = new Map<number, readonly string[]>()
  for (const row of rows) {
    keys.set(row, runs[row]!.partitions.map(partitionKey))
    yield
  }
  return keys
}

function* summariesOf(
  columns: readonly { readonly path: FieldPath; readonly key: string }[],
  context: {
    readonly partitions: PartitionKeys
    readonly found: IndexReplay
    readonly length: number
  },
): Steps<StatsTable> {
  const { partitions, found, length } = context
  const stats = new Map<number, readonly ColumnStats[]>()
  for (const { path, key } of columns) {
    const { id, type } = leafOf(path)
    if (physicalKind(type) === undefined) continue
    const statistics = new Array<FooterStats>(length).fill(UNKNOWN)
    for (const [row, each] of partitions) {
      const keys = each.map(partition => key + partition)
      statistics[row] = boundsOf(keys, found, path)
      yield
    }
    stats.set(id, [yield* columnStatsInSteps(statistics, type)])
  }
  return { ...unknownStats(length), columns: stats }
}

async function lookUp(
  index: MetadataTable,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<IndexReplay | undefined> {
  try {
    return await index.lookup('partition_stats', keys, signal)
  } catch (error) {
    // An index that cannot be read proves nothing.
    if (isTableError(error) && ['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE'].includes(error.code)) {
      return undefined
    }
    throw error
  }
}

function boundsOf(keys: readonly string[], found: IndexReplay, path: FieldPath): FooterStats {
  const parts = keys.map(key => columnStatistics(found.get(key), path))
  const union = parts.reduce((a, b) => unionStatistics(a, b, compareValues))
  if (union?.lower === undefined || union.upper === undefined) return UNKNOWN
  return { ...UNKNOWN, lower: union.lower, upper: union.upper }
}
