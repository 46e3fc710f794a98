import {
  budgetsOf,
  type DeletionVector,
  type ObjectStore,
  readFramedBitmap,
  TableError,
} from '@spillway/core'
import {
  VECTOR_MAGIC as MAGIC,
  VECTOR_MAGIC_BYTES as MAGIC_BYTES,
  type Roaring64,
  readRoaring64,
} from '@spillway/encoding'

export { vectorBytes } from '@spillway/encoding'

/** The positions that a vector deletes; its checksum, where it has one, and its cardinality are verified. */
export async function readVector(
  store: ObjectStore,
  vector: DeletionVector,
  signal?: AbortSignal,
): Promise<Roaring64> {
  const bytes = await bitmapBytes(store, vector, signal)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < MAGIC_BYTES || view.getUint32(0, true) !== MAGIC) {
    const found = bytes.length < MAGIC_BYTES ? `${bytes.length} bytes` : view.getUint32(0, true)
    throw corrupt(vector, `expected magic number ${MAGIC}, found ${found}`)
  }
  const bitmap = bytes.subarray(MAGIC_BYTES)
  const positions = readRoaring64(bitmap, pathOf(vector), budgetsOf(store))
  if (positions.cardinality !== vector.cardinality) {
    throw corrupt(
      vector,
      `its metadata says ${vector.cardinality} rows are deleted, its bitmap ${positions.cardinality}`,
    )
  }
  return positions
}

async function bitmapBytes(
  store: ObjectStore,
  vector: DeletionVector,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (vector.bitmap instanceof Uint8Array) return vector.bitmap
  const { path } = vector.bitmap
  const bytes =
    (await readFramedBitmap(store, vector.bitmap, signal)) ??
    (await readFramedBitmap(store, { ...vector.bitmap, path: inTestBuilds(path) }, signal))
  if (bytes === undefined) throw corrupt(vector, 'the file is not there')
  return bytes
}

/** Test builds of Delta for Spark put this before the names of vector files, and do not record it. */
function inTestBuilds(path: string): string {
  const name = path.lastIndexOf('/') + 1
  return `${path.slice(0, name)}test%dv%prefix-${path.slice(name)}`
}

function pathOf({ bitmap, id }: DeletionVector): string {
  return bitmap instanceof Uint8Array ? id : bitmap.path
}

function corrupt(vector: DeletionVector, reason: string): TableError {
  return new TableError('TABLE_CORRUPT', `deletion vector ${vector.id}: ${reason}`, {
    context: { path: pathOf(vector) },
  })
}
