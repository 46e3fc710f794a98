import {
  type ColumnStats,
  DictionaryBuilder,
  type FieldPath,
  type FileBatch,
  HOLDS_ANYTHING,
  HOLDS_NULLS,
  HOLDS_VALUES,
  inSlices,
  isPrimitive,
  leafOf,
  physicalKind,
  type Selection,
  type StatsTable,
  type Steps,
} from '@spillway/core'
import { columnStatsInSteps, type FooterStats } from '@spillway/encoding'
import { FILES_IN_A_STEP } from '../file-groups/file-slices.js'
import { type SliceTable, sliceTableBytes } from '../file-groups/slice-table.js'
import type { PartitionColumn, PathValue } from './partition-path.js'

/** What is known about the columns asked for, one entry a slice; undefined where nothing is. */
export interface SliceStatistics {
  readonly recordCount: (row: number) => number | undefined
  /** Statistics of each field, in the order asked. */
  readonly fields: (row: number) => readonly (FooterStats | undefined)[] | undefined
}

export type StatisticsReader = (
  fields: readonly FieldPath[],
  rows: Selection,
  signal?: AbortSignal,
) => Promise<SliceStatistics>

export interface SliceBatchOptions {
  readonly table: SliceTable
  readonly columns: readonly PartitionColumn[]
  /** What the paths say, by partition of the table and then column. */
  readonly values: readonly (readonly PathValue[])[]
  readonly readStatistics: StatisticsReader
}

const UNKNOWN: FooterStats = { nullCount: Number.NaN, holds: HOLDS_ANYTHING }

/** Slices as the planner sees them: what paths say of them at once, and the bounds of columns when they are asked for. */
export function* sliceBatch(options: SliceBatchOptions): Steps<FileBatch> {
  const { table } = options
  const partitions = yield* partitionStats(options)
  const recordCount = new Float64Array(table.length).fill(Number.NaN)
  return {
    length: table.length,
    byteLength: sliceTableBytes(table),
    path: table.path,
    size: table.size,
    key: table.key,
    stats: { length: table.length, recordCount, columns: partitions },
    async readStats(fields, rows, signal) {
      const statistics = await options.readStatistics(fields, rows, signal)
      return inSlices(withStatistics({ table, partitions, fields, statistics }))
    },
  }
}

/** What the path says about each partition column, spread over the slices. */
function* partitionStats(options: SliceBatchOptions): Steps<Map<number, readonly ColumnStats[]>> {
  const { table, columns, values } = options
  const stats = new Map<number, readonly ColumnStats[]>()
  for (const [i, { field }] of columns.entries()) {
    const byPartition = values.map(row => row[i]!)
    const entry = yield* pathStats(byPartition, field.type, table.partition)
    if (entry !== undefined) stats.set(field.id, [entry])
  }
  return stats
}

/** Bounds of a column by what paths say; `rows[i]` is the path of row i. */
function* pathStats(
  values: readonly PathValue[],
  type: FieldPath[0]['type'],
  rows: Uint32Array,
): Steps<ColumnStats | undefined> {
  if (!isPrimitive(type) || physicalKind(type) === undefined) return undefined
  const lower = new DictionaryBuilder(type)
  const upper = new DictionaryBuilder(type)
  const holds = new Uint8Array(rows.length)
  for (const [row, index] of rows.entries()) {
    const value = values[index]!
    lower.append(
      value.kind === 'value' ? value.value : value.kind === 'interval' ? value.lower : null,
    )
    upper.append(
      value.kind === 'value' ? value.value : value.kind === 'interval' ? value.upper : null,
    )
    holds[row] = holdsOf(value)
    if (row % FILES_IN_A_STEP === 0) yield
  }
  return { lower: lower.finish(), upper: upper.finish(), holds }
}

function holdsOf(value: PathValue): number {
  if (value.kind === 'unknown') return HOLDS_ANYTHING
  if (value.kind === 'interval') return HOLDS_VALUES | HOLDS_NULLS
  return value.value === null ? HOLDS_NULLS : HOLDS_VALUES
}

function* withStatistics(input: {
  readonly table: SliceTable
  readonly partitions: ReadonlyMap<number, readonly ColumnStats[]>
  readonly fields: readonly FieldPath[]
  readonly statistics: SliceStatistics
}): Steps<StatsTable> {
  const { table, partitions, fields, statistics } = input
  const columns = new Map(partitions)
  const rows: (readonly (FooterStats | undefined)[] | undefined)[] = []
  const recordCount = new Float64Array(table.length)
  for (let row = 0; row < table.length; row++) {
    rows.push(statistics.fields(row))
    recordCount[row] = statistics.recordCount(row) ?? Number.NaN
    if (row % FILES_IN_A_STEP === FILES_IN_A_STEP - 1) yield
  }
  for (const [i, path] of fields.entries()) {
    const { id, type } = leafOf(path)
    if (physicalKind(type) === undefined) continue
    const stats = yield* columnStatsInSteps(
      rows.map(row => row?.[i] ?? UNKNOWN),
      type,
    )
    columns.set(id, [...(partitions.get(id) ?? []), stats])
  }
  return { length: table.length, recordCount, columns }
}
