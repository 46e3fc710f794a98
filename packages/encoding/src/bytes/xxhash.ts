const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P3 = 0x165667b19e3779f9n
const P4 = 0x85ebca77c2b2ae63n
const P5 = 0x27d4eb2f165667c5n

/** xxHash64 (xxHash specification 0.1.1), unsigned. For short keys: plain, not fast. */
export function xxHash64(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let hash: bigint
  let position = 0
  if (bytes.length >= 32) {
    const lanes = [wrap(seed + P1 + P2), wrap(seed + P2), wrap(seed), wrap(seed - P1)]
    for (; position + 32 <= bytes.length; position += 32) {
      for (let i = 0; i < 4; i++) {
        lanes[i] = round(lanes[i]!, view.getBigUint64(position + 8 * i, true))
      }
    }
    hash = wrap(
      rotate(lanes[0]!, 1n) +
        rotate(lanes[1]!, 7n) +
        rotate(lanes[2]!, 12n) +
        rotate(lanes[3]!, 18n),
    )
    for (const lane of lanes) hash = wrap((hash ^ round(0n, lane)) * P1 + P4)
  } else hash = wrap(seed + P5)
  hash = wrap(hash + BigInt(bytes.length))
  return avalanche(tail(view, position, hash))
}

function tail(view: DataView, start: number, initial: bigint): bigint {
  let hash = initial
  let position = start
  for (; position + 8 <= view.byteLength; position += 8) {
    hash = wrap(rotate(hash ^ round(0n, view.getBigUint64(position, true)), 27n) * P1 + P4)
  }
  if (position + 4 <= view.byteLength) {
    hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint32(position, true)) * P1), 23n) * P2 + P3)
    position += 4
  }
  for (; position < view.byteLength; position++) {
    hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint8(position)) * P5), 11n) * P1)
  }
  return hash
}

function avalanche(initial: bigint): bigint {
  let hash = initial
  hash = wrap((hash ^ (hash >> 33n)) * P2)
  hash = wrap((hash ^ (hash >> 29n)) * P3)
  return hash ^ (hash >> 32n)
}

function round(lane: bigint, input: bigint): bigint {
  return wrap(rotate(wrap(lane + input * P2), 31n) * P1)
}

function rotate(value: bigint, by: bigint): bigint {
  return wrap((value << by) | (value >> (64n - by)))
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}
