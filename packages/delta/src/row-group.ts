import type { ObjectMeta, ObjectStore, ParquetBatch, ParquetReader } from '@spillway/core'
import type { ParquetColumnStatistics, ParquetFooter, ParquetLeafInfo } from '@spillway/encoding'

export interface CheckpointFile {
  readonly file: ObjectMeta
  readonly footer: ParquetFooter
}

/** How checkpoints are read. */
export interface CheckpointIo {
  readonly store: ObjectStore
  readonly parquet: ParquetReader
}

export type LeafPath = readonly string[]

/** A leaf of the file by its path as the file spells it. */
export function findLeaf(footer: ParquetFooter, path: LeafPath): ParquetLeafInfo | undefined {
  return footer.leaves.find(leaf => samePath(leaf.path, path))
}

export function samePath(a: LeafPath, b: LeafPath): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i])
}

/** Leaves below a column, such as the element of a list whatever its writer called the levels between. */
export function leavesUnder(footer: ParquetFooter, prefix: LeafPath): readonly ParquetLeafInfo[] {
  return footer.leaves.filter(
    leaf => leaf.path.length >= prefix.length && prefix.every((name, i) => leaf.path[i] === name),
  )
}

/** What the footer says about one leaf of one row group. */
export function leafStatistics(
  footer: ParquetFooter,
  rowGroup: number,
  path: LeafPath,
): ParquetColumnStatistics | undefined {
  const index = footer.leaves.findIndex(leaf => samePath(leaf.path, path))
  return index < 0
    ? undefined
    : footer.rowGroups[rowGroup]?.columns.find(column => column.leaf === index)
}

/** True unless the footer proves that every row of the group lacks the leaf. */
export function mayHold(footer: ParquetFooter, rowGroup: number, path: LeafPath): boolean {
  if (findLeaf(footer, path) === undefined) return false
  const nulls = leafStatistics(footer, rowGroup, path)?.nullCount
  return nulls === undefined || nulls < footer.rowGroups[rowGroup]!.rowCount
}

/** A run of rows of one row group: usually all of them. */
export interface RowGroupSlice {
  readonly source: CheckpointFile
  readonly rowGroup: number
  readonly start: number
  readonly end: number
}

/** The slice's batches and the row of the group each starts with. Leaves that the file lacks are not asked for. */
export async function* readSlice(
  { store, parquet }: CheckpointIo,
  slice: RowGroupSlice,
  leaves: readonly LeafPath[],
  signal?: AbortSignal,
): AsyncGenerator<{ readonly batch: ParquetBatch; readonly first: number }> {
  const options = {
    leaves,
    rowGroups: [slice.rowGroup],
    ...(signal === undefined ? {} : { signal }),
  }
  let first = 0
  for await (const batch of parquet.read(store, slice.source.file, options)) {
    if (first >= slice.end) return
    if (first + batch.length > slice.start) yield { batch, first }
    first += batch.length
  }
}
