import type { DeletionVector } from './data-file.js'
import type { StoredBitmap } from './framed-bitmap.js'

/** The place of a vector that lies in a file; undefined for others, none of which is decoded for it. */
export function storedBitmap(vector: DeletionVector): StoredBitmap | undefined {
  if (vector.inlineBytes !== undefined) return undefined
  const { bitmap } = vector
  return bitmap instanceof Uint8Array ? undefined : bitmap
}

/** The vector of the same positions whose bitmap is another place, or its bytes. */
export function movedVector(
  { kind, id, cardinality }: DeletionVector,
  bitmap: DeletionVector['bitmap'],
): DeletionVector {
  return { kind, id, bitmap, cardinality }
}
