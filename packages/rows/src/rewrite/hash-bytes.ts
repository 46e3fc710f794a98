import type { Hash } from 'node:crypto'
import type { Steps } from '@spillway/core'

/** What is hashed at once: a few milliseconds at most. */
const HASHED_BYTES = 1 << 20

/** `hash` with `bytes` behind what it has, in steps. */
export function* hashedInSteps(hash: Hash, bytes: Uint8Array): Steps<Hash> {
  for (let at = 0; at < bytes.length; at += HASHED_BYTES) {
    if (at > 0) yield
    hash.update(bytes.subarray(at, at + HASHED_BYTES))
  }
  return hash
}
