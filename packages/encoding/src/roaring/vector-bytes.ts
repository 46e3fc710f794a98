import { atOnce, type Steps } from '@spillway/core'
import { writeRoaring64InSteps } from './roaring-writer.js'

/** The first four bytes of the bitmap of a Delta deletion vector and of an Iceberg one, read little-endian. */
export const VECTOR_MAGIC = 1681511377
export const VECTOR_MAGIC_BYTES = 4

/** Magic and bitmap, as `DeleteFile.bitmap` holds them; positions may come in any order. */
export function* vectorBytesInSteps(positions: Iterable<number | bigint>): Steps<Uint8Array> {
  const bitmap = yield* writeRoaring64InSteps(positions)
  const bytes = new Uint8Array(VECTOR_MAGIC_BYTES + bitmap.length)
  new DataView(bytes.buffer).setUint32(0, VECTOR_MAGIC, true)
  bytes.set(bitmap, VECTOR_MAGIC_BYTES)
  return bytes
}

/** `vectorBytesInSteps` at once: of few positions. */
export function vectorBytes(positions: Iterable<number | bigint>): Uint8Array {
  return atOnce(vectorBytesInSteps(positions))
}
