import {
  type ColumnStats,
  compareValues,
  type FileBatchHandle,
  type FileList,
  HOLDS_ANYTHING,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type StatsTable,
  type Steps,
  type Value,
} from '@spillway/core'
import { columnStats, type FooterStats } from '@spillway/encoding'
import type { PartitionColumn, PathValue } from './partition-path.js'

/** A run of partitions, loaded and pruned together. */
export interface PartitionRun {
  readonly partitions: readonly string[]
  /** What the paths say, by partition and then column. */
  readonly values: readonly (readonly PathValue[])[]
}

/** More partitions than this share handles: what a handle costs must not grow with the table. */
const MAX_HANDLES = 1024

/** Partitions in order, some to a run where there are many. */
export function* partitionRuns(
  partitions: readonly string[],
  read: (partition: string) => readonly PathValue[],
): Steps<readonly PartitionRun[]> {
  const perRun = Math.max(1, Math.ceil(partitions.length / MAX_HANDLES))
  const runs: PartitionRun[] = []
  for (let start = 0; start < partitions.length; start += perRun) {
    const chosen = partitions.slice(start, start + perRun)
    runs.push({ partitions: chosen, values: chosen.map(read) })
    yield
  }
  return runs
}

/** A handle for each run, with what the paths of its partitions say of the columns. */
export function partitionFileList(
  runs: readonly PartitionRun[],
  columns: readonly PartitionColumn[],
  handleOf: (run: PartitionRun) => FileBatchHandle,
): FileList {
  return { handles: runs.map(handleOf), summaries: summariesOf(runs, columns) }
}

function summariesOf(
  runs: readonly PartitionRun[],
  columns: readonly PartitionColumn[],
): StatsTable {
  const stats = new Map<number, readonly ColumnStats[]>()
  for (const [i, { field }] of columns.entries()) {
    const rows = runs.map(run => unionOfPaths(run.values.map(values => values[i]!)))
    stats.set(field.id, [columnStats(rows, field.type)])
  }
  return {
    length: runs.length,
    recordCount: new Float64Array(runs.length).fill(Number.NaN),
    columns: stats,
  }
}

function unionOfPaths(values: readonly PathValue[]): FooterStats {
  let holds = 0
  let lower: Value | undefined
  let upper: Value | undefined
  for (const value of values) {
    if (value.kind === 'unknown') return { holds: HOLDS_ANYTHING, nullCount: Number.NaN }
    if (value.kind === 'value' && value.value === null) {
      holds |= HOLDS_NULLS
      continue
    }
    const [least, greatest] =
      value.kind === 'value' ? [value.value!, value.value!] : [value.lower, value.upper]
    holds |= value.kind === 'value' ? HOLDS_VALUES : HOLDS_VALUES | HOLDS_NULLS
    if (lower === undefined || compareValues(least, lower) < 0) lower = least
    if (upper === undefined || compareValues(greatest, upper) > 0) upper = greatest
  }
  return {
    holds,
    nullCount: Number.NaN,
    lower,
    upper,
  }
}
