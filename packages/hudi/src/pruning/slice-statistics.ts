import {
  compareValues,
  type FieldPath,
  inSlices,
  isTableError,
  leafOf,
  type ObjectStore,
  physicalKind,
  type Selection,
  Slices,
  type Steps,
} from '@spillway/core'
import type { FooterStats } from '@spillway/encoding'
import { parseFileName } from '../file-groups/file-name.js'
import { FILES_IN_A_STEP } from '../file-groups/file-slices.js'
import { fileNameOf, hasSource, logNamesOf, type SliceTable } from '../file-groups/slice-table.js'
import { columnStatistics } from '../metadata-table/column-stats.js'
import type { IndexReplay } from '../metadata-table/metadata-index.js'
import { columnKey, columnStatsKey, partitionKey } from '../metadata-table/metadata-key.js'
import type { MetadataTable } from '../metadata-table/metadata-table.js'
import { unionStatistics } from '../metadata-table/union-statistics.js'
import type { SchemaHistory } from '../schema/schema-history.js'
import { type FooterStatistics, readFooters } from './footer-statistics.js'
import type { SliceStatistics, StatisticsReader } from './slice-batch.js'

export interface StatisticsOptions {
  readonly store: ObjectStore
  readonly metadataTable: MetadataTable | undefined
  readonly history: SchemaHistory | undefined
  /** Ids of columns whose values are in the paths of partitions alone. */
  readonly notInFiles: ReadonlySet<number>
}

type FieldStatistics = readonly (FooterStats | undefined)[]

/**
 * Statistics of slices: the metadata table's column_stats where it has them, of the base file and of every log; Parquet
 * footers for what it lacks, of slices without logs. What neither says is unknown.
 */
export function statisticsReader(table: SliceTable, options: StatisticsOptions): StatisticsReader {
  return async (fields, rows, signal) => {
    // Nested and opaque columns have no bounds anywhere, some are not in the files: no footer is read for them.
    const hasBounds = fields.map(
      path => physicalKind(leafOf(path).type) !== undefined && !options.notInFiles.has(path[0].id),
    )
    const indexed = await readIndex(table, fields, { rows, options, signal })
    const isKnown = (row: number) =>
      hasBounds.every((has, i) => !has || indexed.get(row)?.[i] !== undefined)
    const missing = await inSlices(rowsThat(rows, row => !isKnown(row)))
    const footers = await readFooters(
      table,
      fields,
      missing,
      { store: options.store, physicalNames: physicalNames(table, options) },
      signal,
    )
    return combine(indexed, footers)
  }
}

function* rowsThat(rows: Selection, choose: (row: number) => boolean): Steps<Selection> {
  const chosen: number[] = []
  for (const [i, row] of rows.entries()) {
    if (choose(row)) chosen.push(row)
    if (i % FILES_IN_A_STEP === FILES_IN_A_STEP - 1) yield
  }
  return Uint32Array.from(chosen)
}

function combine(
  indexed: ReadonlyMap<number, FieldStatistics>,
  footers: ReadonlyMap<number, FooterStatistics>,
): SliceStatistics {
  return {
    recordCount: row => footers.get(row)?.rowCount,
    fields(row) {
      const fromIndex = indexed.get(row)
      const fromFooter = footers.get(row)?.fields
      if (fromFooter === undefined) return fromIndex
      return fromFooter.map((stats, i) => fromIndex?.[i] ?? stats)
    },
  }
}

function physicalNames(table: SliceTable, { history, notInFiles }: StatisticsOptions) {
  return (fields: readonly FieldPath[], row: number) => {
    const instant = parseFileName(fileNameOf(table, row))?.instant ?? ''
    return fields.map(path => {
      if (notInFiles.has(path[0].id)) return undefined
      const own = path.map(field => field.physicalName)
      return history === undefined ? own : (history.nameAt(path, instant) ?? own)
    })
  }
}

async function readIndex(
  table: SliceTable,
  fields: readonly FieldPath[],
  context: {
    readonly rows: Selection
    readonly options: StatisticsOptions
    readonly signal?: AbortSignal | undefined
  },
): Promise<ReadonlyMap<number, FieldStatistics>> {
  const { rows, options, signal } = context
  const index = options.metadataTable
  // The index is keyed by name, so under renames it answers for another column.
  if (index?.has('column_stats') !== true || options.history !== undefined) return new Map()
  const columns = fields.map(path => columnKey(path.map(field => field.name).join('.')))
  const slices = new Slices()
  const { keysOf, wanted } = await inSlices(keysOfRows(table, columns, rows), slices)
  let found: IndexReplay
  try {
    found = await index.lookup('column_stats', wanted, signal)
  } catch (error) {
    // An index that cannot be read proves nothing; the files themselves still do.
    if (isTableError(error) && ['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE'].includes(error.code)) {
      return new Map()
    }
    throw error
  }
  return inSlices(indexedStatistics(keysOf, fields, found), slices)
}

/** By row, and by column, the keys of its files. */
type RowKeys = ReadonlyMap<number, readonly (readonly string[])[]>

function* keysOfRows(
  table: SliceTable,
  columns: readonly string[],
  rows: Selection,
): Steps<{ readonly keysOf: RowKeys; readonly wanted: readonly string[] }> {
  const keysOfRow = fileKeys(table, columns)
  const keysOf = new Map<number, readonly (readonly string[])[]>()
  const wanted: string[] = []
  for (const row of rows) {
    // Of a skeleton the index tells what is in it, and the rows are in its source file.
    if (hasSource(table, row)) continue
    const keys = keysOfRow(row)
    keysOf.set(row, keys)
    for (const each of keys) wanted.push(...each)
    if (keysOf.size % FILES_IN_A_STEP === 0) yield
  }
  return { keysOf, wanted }
}

function* indexedStatistics(
  keysOf: RowKeys,
  fields: readonly FieldPath[],
  found: IndexReplay,
): Steps<ReadonlyMap<number, FieldStatistics>> {
  const statistics = new Map<number, FieldStatistics>()
  for (const [row, columns] of keysOf) {
    const ofColumns = columns.map((keys, i) => {
      const parts = keys.map(key => columnStatistics(found.get(key), fields[i]!))
      return parts.reduce((a, b) => unionStatistics(a, b, compareValues))
    })
    statistics.set(row, ofColumns)
    if (statistics.size % FILES_IN_A_STEP === 0) yield
  }
  return statistics
}

/** By column, the keys of a slice's files: base first, then each log. */
function fileKeys(table: SliceTable, columns: readonly string[]) {
  const partitions = table.partitions.map(partitionKey)
  return (row: number): readonly (readonly string[])[] => {
    const partition = partitions[table.partition[row]!]!
    const first = table.hasBase[row] === 1 ? [fileNameOf(table, row)] : []
    const files = [...first, ...logNamesOf(table, row)]
    return columns.map(column => files.map(file => columnStatsKey(column, partition, file)))
  }
}
