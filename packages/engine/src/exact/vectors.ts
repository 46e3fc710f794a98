import {
  type DataFile,
  type DeletionVector,
  inSlices,
  movedVector,
  readFramedBitmap,
  type StoredBitmap,
  storedBitmap,
  TableError,
} from '@spillway/core'
import { checkVector } from '@spillway/encoding'
import type { ExactRows } from '../recipient/exact-rows.js'
import { deletedRowsRefusal, packedRefusal } from '../recipient/refusals.js'
import { signsVectorFiles } from './delivery.js'

/** A vector that the table has, as it goes with its file: by its place, or by its bytes inside the line. */
export async function travelling(
  vector: DeletionVector,
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<DeletionVector> {
  if (storedBitmap(vector) !== undefined && signsVectorFiles(exact)) return vector
  // Such were held against their files before the first byte.
  if (vector.inlineBytes !== undefined) return vector
  return heldVector(vector, file, exact, signal)
}

/** A vector in a file that holds no other, for an answer that must not have it inside the line. */
export async function inOwnFile(
  vector: DeletionVector,
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<PlacedVector> {
  const { resolver } = exact
  if (resolver?.toVectorFile === undefined) throw packedRefusal(exact)
  const held = await heldVector(vector, file, exact, signal)
  return asWritten(await resolver.toVectorFile(held, signal))
}

/** A vector with its bytes, which say what its metadata does: recipients apply them to the file unseen. */
export async function heldVector(
  vector: DeletionVector,
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<DeletionVector> {
  const stored = storedBitmap(vector)
  const bytes =
    stored === undefined ? (vector.bitmap as Uint8Array) : await bitmapBytes(stored, exact, signal)
  await inSlices(checkVector(bytes, vector, file))
  return stored === undefined ? vector : movedVector(vector, bytes)
}

/** A vector, and where it was written to if it was. */
interface PlacedVector {
  readonly vector: DeletionVector
  /** See `ExactFile`. */
  readonly written?: readonly string[]
}

function asWritten(vector: DeletionVector): PlacedVector {
  const { bitmap } = vector
  return { vector, ...('path' in bitmap && { written: [bitmap.path] }) }
}

async function bitmapBytes(
  stored: StoredBitmap,
  { store }: ExactRows,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const read = store && (await readFramedBitmap(store, stored, signal))
  if (read !== undefined) return read
  throw new TableError('TABLE_CORRUPT', 'the file of a deletion vector is missing', {
    context: { ...stored },
  })
}

export function fitsInLine(vector: DeletionVector | undefined, { accepts }: ExactRows): boolean {
  if (vector === undefined || storedBitmap(vector) !== undefined) return true
  const { inlineBytes = (vector.bitmap as Uint8Array).length } = vector
  return inlineBytes <= accepts.inlineVectorBytes
}

/** Inside the line, or in a file of its own where it is too long for that. */
export async function placed(
  vector: DeletionVector,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<PlacedVector> {
  if (fitsInLine(vector, exact)) return { vector }
  const { resolver } = exact
  if (resolver?.toVectorFile !== undefined) {
    return asWritten(await resolver.toVectorFile(movedVector(vector, vector.bitmap), signal))
  }
  throw deletedRowsRefusal(exact, { files: 1, tooLong: true })
}
