import {
  type DataFile,
  type DeletionVector,
  type ReadBudgets,
  type Steps,
  storedBitmap,
  TableError,
} from '@spillway/core'
import {
  type Roaring64,
  type RoaringExtent,
  readRoaring64InSteps,
  roaring64Extent,
} from './roaring.js'
import { VECTOR_MAGIC as MAGIC, VECTOR_MAGIC_BYTES as MAGIC_BYTES } from './vector-bytes.js'

/** What is shown of a vector's id, which may be a whole bitmap in letters. */
const SHOWN_CHARACTERS = 200

/** The positions that `vector`, whose bitmap is `bytes`, deletes: as many as its metadata says. */
export function* vectorPositions(
  bytes: Uint8Array,
  vector: DeletionVector,
  budgets: ReadBudgets,
): Steps<Roaring64> {
  const bitmap = withoutMagic(bytes, vector)
  const positions = yield* readRoaring64InSteps(bitmap, storedPath(vector), budgets)
  requireStated(positions, vector)
  return positions
}

/** Refuses a vector, whose bitmap is `bytes`, that says anything else than which rows of `file` are deleted. */
export function* checkVector(
  bytes: Uint8Array,
  vector: DeletionVector,
  file: Pick<DataFile, 'path' | 'recordCount'>,
): Steps<void> {
  const extent = yield* roaring64Extent(withoutMagic(bytes, vector), storedPath(vector))
  requireStated(extent, vector)
  requireRowsOf(file, file.recordCount, extent)
}

/** Refuses deletes of rows that a file does not have: they were meant for another file, so rows would be wrong. */
export function requireRowsOf(
  { path }: Pick<DataFile, 'path'>,
  rowCount: number | undefined,
  { greatest }: Pick<RoaringExtent, 'greatest'>,
): void {
  if (rowCount === undefined || greatest < rowCount) return
  throw new TableError(
    'TABLE_CORRUPT',
    `row ${greatest} of a file is deleted, and the file has ${rowCount} rows`,
    { context: { path } },
  )
}

/** What is wrong with a vector. Its id and its path are the provider's alone: one may be long, the other may say much. */
export function corruptVector(vector: DeletionVector, reason: string): TableError {
  const path = storedPath(vector)
  return new TableError('TABLE_CORRUPT', `a deletion vector is damaged: ${reason}`, {
    context: { vector: vector.id.slice(0, SHOWN_CHARACTERS), ...(path !== undefined && { path }) },
  })
}

function withoutMagic(bytes: Uint8Array, vector: DeletionVector): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isWhole = bytes.length >= MAGIC_BYTES
  if (isWhole && view.getUint32(0, true) === MAGIC) return bytes.subarray(MAGIC_BYTES)
  const found = isWhole ? view.getUint32(0, true) : `${bytes.length} bytes`
  throw corruptVector(vector, `expected magic number ${MAGIC}, found ${found}`)
}

function requireStated({ cardinality }: RoaringExtent, vector: DeletionVector): void {
  if (cardinality === vector.cardinality) return
  throw corruptVector(
    vector,
    `its metadata says ${vector.cardinality} rows are deleted, its bitmap ${cardinality}`,
  )
}

function storedPath(vector: DeletionVector): string | undefined {
  return storedBitmap(vector)?.path
}
