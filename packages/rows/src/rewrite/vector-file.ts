import { createHash } from 'node:crypto'
import { type DeletionVector, inSlices, type Steps, summedInSteps } from '@spillway/core'
import { crc32 } from '@spillway/encoding'
import { hashedInSteps } from './hash-bytes.js'
import { type Staging, stagedPath } from './staged-file.js'

/** Of the first byte of a vector file (Delta PROTOCOL.md, "Deletion Vector File Storage Format"). */
const VERSION = 1
const LENGTH_AT = 1
const BITMAP_AT = 5

/** `vector` in a Delta vector file of its own in staging, named by what it says. */
export async function toVectorFile(
  vector: DeletionVector,
  staging: Staging,
  signal?: AbortSignal,
): Promise<DeletionVector> {
  const { bitmap } = vector
  if (!(bitmap instanceof Uint8Array)) return vector
  const hash = (await inSlices(hashedInSteps(createHash('sha256'), bitmap))).digest('hex')
  const path = stagedPath(staging, `${hash.slice(0, 2)}/${hash}.bin`)
  const { store } = staging
  if ((await store.head(path, signal)) === undefined) {
    await store.put(path, await inSlices(framed(bitmap)), {
      ifAbsent: true,
      signal,
    })
  }
  return { ...vector, bitmap: { path, offset: BITMAP_AT, length: bitmap.length } }
}

function* framed(bitmap: Uint8Array): Steps<Uint8Array> {
  const bytes = new Uint8Array(BITMAP_AT + bitmap.length + 4)
  const view = new DataView(bytes.buffer)
  bytes[0] = VERSION
  view.setUint32(LENGTH_AT, bitmap.length)
  bytes.set(bitmap, BITMAP_AT)
  view.setUint32(BITMAP_AT + bitmap.length, yield* summedInSteps(crc32, bitmap))
  return bytes
}
