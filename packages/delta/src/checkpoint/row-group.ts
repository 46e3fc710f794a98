import {
  budgetsOf,
  leafKey,
  type ObjectMeta,
  type ObjectStore,
  type ParquetBatch,
  type ParquetReader,
  requireWithin,
} from '@spillway/core'
import {
  type ParquetColumnStatistics,
  type ParquetFooter,
  type ParquetLeafInfo,
  readParquetFooter,
} from '@spillway/encoding'

/** A Parquet file of a checkpoint, its footer read and its leaves indexed. */
export interface CheckpointFile {
  readonly file: ObjectMeta
  readonly footer: ParquetFooter
  /** Places in `footer.leaves`, by `leafKey`: wide tables have thousands of them. */
  readonly leafIndex: ReadonlyMap<string, number>
}

/** Reads the footer of a Parquet file of a checkpoint. */
export async function openCheckpointFile(
  store: ObjectStore,
  file: ObjectMeta,
  signal?: AbortSignal,
): Promise<CheckpointFile> {
  const footer = await readParquetFooter(store, file, signal)
  const { path } = file
  // Parts are made by what the footer claims, before any of it is read.
  for (const [rowGroup, { rowCount: observed }] of footer.rowGroups.entries()) {
    const what = `row group ${rowGroup}`
    requireWithin(budgetsOf(store), 'rows', { what, observed, unit: 'rows', path })
  }
  const leafIndex = new Map(footer.leaves.map((leaf, index) => [leafKey(leaf.path), index]))
  return { file, footer, leafIndex }
}

/** How checkpoints are read. */
export interface CheckpointIo {
  readonly store: ObjectStore
  readonly parquet: ParquetReader
}

export type LeafPath = readonly string[]

/** A leaf of the file by its path as the file spells it. */
export function findLeaf(source: CheckpointFile, path: LeafPath): ParquetLeafInfo | undefined {
  const index = source.leafIndex.get(leafKey(path))
  return index === undefined ? undefined : source.footer.leaves[index]
}

/** Leaves below a column, such as the element of a list whatever its writer called the levels between. */
export function leavesUnder(source: CheckpointFile, prefix: LeafPath): readonly ParquetLeafInfo[] {
  return source.footer.leaves.filter(
    leaf => leaf.path.length >= prefix.length && prefix.every((name, i) => leaf.path[i] === name),
  )
}

/** What the footer says about one leaf of one row group. */
export function leafStatistics(
  source: CheckpointFile,
  rowGroup: number,
  path: LeafPath,
): ParquetColumnStatistics | undefined {
  const index = source.leafIndex.get(leafKey(path))
  return index === undefined ? undefined : source.footer.rowGroups[rowGroup]?.columns[index]
}

/** True unless the footer proves that every row of the group lacks the leaf. */
export function mayHold(source: CheckpointFile, rowGroup: number, path: LeafPath): boolean {
  if (findLeaf(source, path) === undefined) return false
  const nulls = leafStatistics(source, rowGroup, path)?.nullCount
  return nulls === undefined || nulls < source.footer.rowGroups[rowGroup]!.rowCount
}

/** A run of rows of one row group: usually all of them. */
export interface RowGroupSlice {
  readonly source: CheckpointFile
  readonly rowGroup: number
  readonly start: number
  readonly end: number
}

/** A run of rows as it was decoded. */
export interface SliceBatch {
  readonly batch: ParquetBatch
  /** Row of the row group it starts with. */
  readonly first: number
}

/** The slice's batches and the row of the group each starts with. Leaves that the file lacks are not asked for. */
export async function* readSlice(
  { store, parquet }: CheckpointIo,
  slice: RowGroupSlice,
  leaves: readonly LeafPath[],
  signal?: AbortSignal,
): AsyncGenerator<SliceBatch> {
  const options = {
    leaves,
    rowGroups: [slice.rowGroup],
    signal,
  }
  let first = 0
  for await (const batch of parquet.read(store, slice.source.file, options)) {
    if (first >= slice.end) return
    if (first + batch.length > slice.start) yield { batch, first }
    first += batch.length
  }
}

/**
 * The decoded batches of a row group that is cut into several parts: each part would decode all of it. They are found again for as
 * long as somebody reads a part, or the collector of garbage leaves them.
 */
export class SharedGroup {
  #decoded: WeakRef<Promise<readonly SliceBatch[]>> | undefined

  batches(
    io: CheckpointIo,
    { source, rowGroup }: Pick<RowGroupSlice, 'source' | 'rowGroup'>,
    leaves: readonly LeafPath[],
  ): Promise<readonly SliceBatch[]> {
    const known = this.#decoded?.deref()
    if (known !== undefined) return known
    const end = source.footer.rowGroups[rowGroup]!.rowCount
    // Not cancelled with whoever asks first: others may wait for it too.
    const read = collected(readSlice(io, { source, rowGroup, start: 0, end }, leaves))
    this.#decoded = new WeakRef(read)
    read.catch(() => {
      this.#decoded = undefined
    })
    return read
  }
}

async function collected(batches: AsyncIterable<SliceBatch>): Promise<readonly SliceBatch[]> {
  const all: SliceBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}
