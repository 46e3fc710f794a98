import { crc32, summedInSteps } from '../bytes/crc32.js'
import { TableError } from '../errors/errors.js'
import type { ObjectStore } from '../store/object-store.js'
import { readListed } from '../store/read-listed.js'
import { inSlices } from '../tasks/slices.js'
import type { DeletionVector } from './data-file.js'

/** The place of a stored bitmap, as its metadata says it. */
export type StoredBitmap = Exclude<DeletionVector['bitmap'], Uint8Array>

const FRAME_BYTES = 4

/**
 * The bytes of a stored deletion vector, as they were written or not at all. Both formats frame the bitmap alike: its
 * length before and a CRC-32 behind, big-endian (Delta PROTOCOL.md, "Deletion Vector Format"; Iceberg Puffin,
 * "deletion-vector-v1"). Undefined where there is no such file.
 */
export async function readFramedBitmap(
  store: ObjectStore,
  { path, offset, length }: StoredBitmap,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const range = { start: offset - FRAME_BYTES, end: offset + length + FRAME_BYTES }
  const bytes = await readListed(store, { path, size: range.end }, { range, signal })
  if (bytes === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const stated = view.getUint32(0, false)
  const refuse = (reason: string) =>
    new TableError('TABLE_CORRUPT', `a deletion vector in ${path} is damaged: ${reason}`, {
      context: { path, offset, length },
    })
  if (stated !== length) throw refuse(`expected ${length} bytes, its header says ${stated}`)
  const bitmap = bytes.subarray(FRAME_BYTES, FRAME_BYTES + length)
  if (
    (await inSlices(summedInSteps(crc32, bitmap))) !== view.getUint32(FRAME_BYTES + length, false)
  ) {
    throw refuse('its checksum does not match')
  }
  return bitmap
}
