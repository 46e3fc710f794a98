import {
  budgetsOf,
  type DeletionVector,
  inSlices,
  type ObjectStore,
  readFramedBitmap,
} from '@spillway/core'
import { corruptVector, type Roaring64, vectorPositions } from '@spillway/encoding'

export { vectorBytes } from '@spillway/encoding'

/** The positions that a vector deletes; its checksum, where it has one, and its cardinality are verified. */
export async function readVector(
  store: ObjectStore,
  vector: DeletionVector,
  signal?: AbortSignal,
): Promise<Roaring64> {
  const bytes = await bitmapBytes(store, vector, signal)
  return inSlices(vectorPositions(bytes, vector, budgetsOf(store)))
}

export async function bitmapBytes(
  store: ObjectStore,
  vector: DeletionVector,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (vector.bitmap instanceof Uint8Array) return vector.bitmap
  const { path } = vector.bitmap
  const bytes =
    (await readFramedBitmap(store, vector.bitmap, signal)) ??
    (await readFramedBitmap(store, { ...vector.bitmap, path: inTestBuilds(path) }, signal))
  if (bytes === undefined) throw corruptVector(vector, 'its file is not there')
  return bytes
}

/** Test builds of Delta for Spark put this before the names of vector files, and do not record it. */
function inTestBuilds(path: string): string {
  const name = path.lastIndexOf('/') + 1
  return `${path.slice(0, name)}test%dv%prefix-${path.slice(name)}`
}
