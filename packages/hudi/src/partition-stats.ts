import {
  compareValues,
  type FieldPath,
  type FileList,
  HOLDS_ANYTHING,
  isTableError,
  leafOf,
  physicalKind,
  unknownStats,
} from '@spillway/core'
import { columnStats, type FooterStats } from '@spillway/encoding'
import { columnEvidence } from './column-stats.js'
import type { IndexReplay } from './metadata-index.js'
import { columnKey, partitionKey } from './metadata-key.js'
import type { MetadataTable } from './metadata-table.js'
import type { PartitionRun } from './partition-handles.js'
import { unionEvidence } from './slice-batch.js'

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
    const columns = fields.map(path => columnKey(path.map(field => field.name).join('.')))
    const keysOf = (row: number, column: string) =>
      runs[row]!.partitions.map(partition => column + partitionKey(partition))
    const keys = [...rows].flatMap(row => columns.flatMap(column => keysOf(row, column)))
    const found = await lookUp(index, keys, signal)
    const unknown = unknownStats(runs.length)
    if (found === undefined) return unknown
    const asked = new Set<number>(rows)
    const evidence = (path: FieldPath, column: string) =>
      runs.map((_, row) => (asked.has(row) ? boundsOf(keysOf(row, column), found, path) : UNKNOWN))
    const stats = fields.flatMap((path, i) => {
      const { id, type } = leafOf(path)
      if (physicalKind(type) === undefined) return []
      return [[id, [columnStats(evidence(path, columns[i]!), type)]] as const]
    })
    return { ...unknown, columns: new Map(stats) }
  }
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
  const parts = keys.map(key => columnEvidence(found.get(key), path))
  const union = parts.reduce((a, b) => unionEvidence(a, b, compareValues))
  if (union?.lower === undefined || union.upper === undefined) return UNKNOWN
  return { ...UNKNOWN, lower: union.lower, upper: union.upper }
}
