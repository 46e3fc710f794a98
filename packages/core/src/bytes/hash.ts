/**
 * A 64-bit hash of bytes (two murmur3-style 32-bit lanes), stable across processes and versions: file keys and page
 * tokens depend on it.
 */
export function hash64(bytes: Uint8Array, seed = 0): bigint {
  const lanes = new Uint32Array(2)
  hash64Into(bytes, lanes, 0, { seed })
  return new BigUint64Array(lanes.buffer)[0]!
}

const HIGH_LANE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/**
 * `hash64` of the bytes from `start` to `end`, into entry `at` of a BigUint64Array that `lanes` lies over: neither a bigint nor a
 * view of the bytes is made for a million files.
 */
export function hash64Into(
  bytes: Uint8Array,
  lanes: Uint32Array,
  at: number,
  { start = 0, end = bytes.length, seed = 0 } = {},
): void {
  let a = (0x9747b28c ^ seed) | 0
  let b = (0x2f0b4c47 ^ seed) | 0
  for (let i = start; i < end; i++) {
    a = Math.imul(a ^ bytes[i]!, 0x01000193)
    b = Math.imul(b ^ bytes[i]!, 0x85ebca6b)
    b = (b << 13) | (b >>> 19)
  }
  a = finalize(a ^ (end - start))
  b = finalize(b ^ a)
  lanes[at * 2 + HIGH_LANE] = a
  lanes[at * 2 + 1 - HIGH_LANE] = b
}

function finalize(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
