import {
  type FieldPath,
  isTableError,
  leafOf,
  mapConcurrently,
  type ObjectStore,
  readString,
  type Selection,
  TableError,
} from '@spillway/core'
import {
  type FooterStats,
  footerStats,
  type ParquetFooter,
  readParquetFooter,
} from '@spillway/encoding'
import { fileNameOf, type SliceTable, withoutLogs } from '../file-groups/slice-table.js'
import { sameName } from '../schema/schema.js'

/** What a file's footer proves, for the fields asked. */
export interface FooterStatistics {
  readonly rowCount: number
  readonly fields: readonly (FooterStats | undefined)[]
}

export interface FooterOptions {
  readonly store: ObjectStore
  /**
   * What a column is called inside the file of a slice: `absent` where the file was written before the column was
   * there, undefined where its values are not in the files at all.
   */
  physicalNames(
    fields: readonly FieldPath[],
    row: number,
  ): readonly (readonly string[] | 'absent' | undefined)[]
}

const CONCURRENCY = 16

/** Footers of the base files of slices without logs, reduced to what they prove about `fields`, by row. */
export async function readFooters(
  table: SliceTable,
  fields: readonly FieldPath[],
  rows: Selection,
  options: FooterOptions,
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, FooterStatistics>> {
  const wanted = [...withoutLogs(table, rows)].filter(
    row => table.hasBase[row] === 1 && fileNameOf(table, row).endsWith('.parquet'),
  )
  const statistics = new Map<number, FooterStatistics>()
  await mapConcurrently(wanted, CONCURRENCY, async row => {
    const footer = await footerOf(table, row, options.store, signal)
    const names = options.physicalNames(fields, row)
    statistics.set(row, {
      rowCount: footer.rowCount,
      fields: fields.map((path, i) => fieldStatistics(footer, path, names[i])),
    })
  })
  return statistics
}

async function footerOf(
  table: SliceTable,
  row: number,
  store: ObjectStore,
  signal?: AbortSignal,
): Promise<ParquetFooter> {
  const path = readString(table.path, row)
  try {
    return await readParquetFooter(store, { path, size: table.size[row]! }, signal)
  } catch (error) {
    if (!isTableError(error) || error.code !== 'TABLE_CORRUPT') throw error
    // The metadata table may state another size than the object has: the object's own counts.
    const meta = await store.head(path, signal)
    if (meta === undefined) {
      throw new TableError('NOT_FOUND', `the base file ${path} does not exist`, {
        context: { path },
        cause: error,
      })
    }
    if (meta.size === table.size[row]) throw error
    return readParquetFooter(store, meta, signal)
  }
}

function fieldStatistics(
  footer: ParquetFooter,
  path: FieldPath,
  name: readonly string[] | 'absent' | undefined,
): FooterStats | undefined {
  if (name === undefined) return undefined
  // Rows written before a column existed read as null.
  const allNull: FooterStats = { nullCount: footer.rowCount, holds: footer.rowCount > 0 ? 2 : 0 }
  if (name === 'absent') return allNull
  const leaf = footer.leaves.findIndex(
    info =>
      info.path.length === name.length && info.path.every((part, i) => sameName(part, name[i]!)),
  )
  if (leaf >= 0) return footerStats(footer, leaf, { type: leafOf(path).type })
  const top = footer.root.children.some(child => sameName(child.name, name[0]!))
  return top || name.length > 1 ? undefined : allNull
}
