import {
  type ColumnStats,
  type FieldPath,
  leafOf,
  type PrimitiveType,
  type Snapshot,
  type StatsTable,
} from '@spillway/core'
import {
  COMPARABLE_TYPES,
  fileIndex,
  filePath,
  type LogicalFile,
  type LogicalTable,
  type Random,
  type TableWriter,
} from '@spillway/testkit'
import { type MemoryBatch, memorySnapshot } from './memory-snapshot.js'
import { bucketEntry, entryOf, layOut, randomStatistics } from './statistics.js'

/** Writes no bytes: all statistics that the contract of a bound allows, straight into a table of them. */
export const statisticsWriter: TableWriter = {
  name: 'statistics in memory',
  types: COMPARABLE_TYPES,
  deletes: true,
  async write(table, random): Promise<Snapshot> {
    const batches: MemoryBatch[] = []
    for (let from = 0; from < table.files.length; ) {
      const to = Math.min(table.files.length, from + random.integer(1, 3))
      batches.push(batchOf(table, { from, to }, random))
      from = to
    }
    const snapshot = memorySnapshot(table.schema, batches)
    const summaries = summariesOf(table, batches, random)
    const index = random.chance(0.3) ? summariesOf(table, batches, random) : undefined
    const readSummaries = index && { readSummaries: async () => index }
    return { ...snapshot, files: { ...snapshot.files, summaries, ...readSummaries } }
  },
}

function batchOf(
  table: LogicalTable,
  { from, to }: { readonly from: number; readonly to: number },
  random: Random,
): MemoryBatch {
  const files = table.files.slice(from, to)
  const atHand = statsOf(files, partitionEntries(table, files, random), random)
  const columns = new Map(atHand.columns)
  for (const path of table.columns) {
    if (random.chance(0.1)) continue
    const { id, type } = leafOf(path)
    const statistics = files.map(file => randomStatistics([file], path, random))
    const entry = entryOf(statistics, type as PrimitiveType, random)
    columns.set(id, [...(columns.get(id) ?? []), entry])
  }
  return {
    paths: files.map((_, index) => filePath(from + index)),
    keys: files.map(() => random.bits64()),
    atHand,
    read: { ...atHand, columns },
    ...(files.every(file => file.deleted.size === 0) && random.chance(0.5)
      ? {}
      : { deleted: files.map(file => deletedCount(file, random)) }),
  }
}

function deletedCount(file: LogicalFile, random: Random): number {
  return random.chance(0.1) ? Number.NaN : file.deleted.size
}

/** Constant columns: their value, or the bucket it is in. */
function partitionEntries(
  table: LogicalTable,
  files: readonly LogicalFile[],
  random: Random,
): Map<number, readonly ColumnStats[]> {
  const columns = new Map<number, readonly ColumnStats[]>()
  for (const path of table.columns) {
    const { id, type } = leafOf(path)
    if (!table.partitionedBy.includes(id) || random.chance(0.2)) continue
    const constants = files.map(file => file.rows[0]?.get(id) ?? null)
    const holds = Uint8Array.from(constants, value => (value === null ? 2 : 1))
    const bounds = layOut(constants, type as PrimitiveType, random)
    const bucket = random.chance(0.4)
      ? bucketEntry(constants, type as PrimitiveType, random)
      : undefined
    columns.set(id, [bucket ?? { holds, lower: bounds, upper: bounds }])
  }
  return columns
}

/** Files without deletes of which it is not known how many rows are gone count their recorded rows. */
function statsOf(
  files: readonly LogicalFile[],
  columns: ReadonlyMap<number, readonly ColumnStats[]>,
  random: Random,
): StatsTable {
  const recordCount = Float64Array.from(files, file =>
    random.chance(0.1) ? Number.NaN : file.rows.length,
  )
  return { length: files.length, recordCount, columns }
}

function summariesOf(
  table: LogicalTable,
  batches: readonly MemoryBatch[],
  random: Random,
): StatsTable {
  const columns = new Map<number, readonly ColumnStats[]>()
  const runs = batches.map(({ paths }) => paths.map(path => table.files[fileIndex(path)]!))
  for (const path of table.columns) {
    if (random.chance(0.5)) continue
    columns.set(leafOf(path).id, [summaryEntry(path, runs, random)])
  }
  const recordCount = new Float64Array(batches.length).fill(Number.NaN)
  return { length: batches.length, recordCount, columns }
}

function summaryEntry(
  path: FieldPath,
  runs: readonly (readonly LogicalFile[])[],
  random: Random,
): ColumnStats {
  const statistics = runs.map(files => randomStatistics(files, path, random))
  return entryOf(statistics, leafOf(path).type as PrimitiveType, random)
}
