import crypto from 'node:crypto'

/** A hash in one call, without an object for it: Node 20.12 and later have it, and it takes half the time. */
export type OneShotHash = typeof crypto.hash

const oneShot: OneShotHash | undefined = crypto.hash

/**
 * Signatures of canonical requests, in hexadecimal, for whatever has key, time and scope in common: the HMAC of
 * `textStart` and the request's SHA-256. Without `hash` by objects, as older Nodes have to.
 */
export function requestSignatures(
  key: Buffer,
  textStart: string,
  hash: OneShotHash | null = oneShot ?? null,
): (request: string) => string {
  return hash === null ? byObjects(key, textStart) : byOneShots(key, textStart, hash)
}

function byObjects(key: Buffer, textStart: string): (request: string) => string {
  return request => {
    const hashed = crypto.createHash('sha256').update(request).digest('hex')
    return crypto.createHmac('sha256', key).update(textStart).update(hashed).digest('hex')
  }
}

const BLOCK_BYTES = 64
const HASH_BYTES = 32
const HEX_CHARACTERS = 64

/**
 * The two hashes that an HMAC is (RFC 2104), over two buffers that hold what is the same for all: `inner` the padded key
 * and the text up to the request's hash, `outer` the padded key. Both are filled up and hashed before anyone else runs.
 */
function byOneShots(
  key: Buffer,
  textStart: string,
  hash: OneShotHash,
): (request: string) => string {
  // Longer keys stand for their hash.
  const short = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key
  const inner = Buffer.concat([
    padded(short, 0x36),
    Buffer.from(textStart),
    Buffer.alloc(HEX_CHARACTERS),
  ])
  const outer = Buffer.concat([padded(short, 0x5c), Buffer.alloc(HASH_BYTES)])
  const hashAt = inner.length - HEX_CHARACTERS
  return request => {
    inner.write(hash('sha256', request, 'hex'), hashAt, 'latin1')
    // A text of one character a byte: made and written in less time than a buffer.
    outer.write(hash('sha256', inner, 'binary'), BLOCK_BYTES, 'latin1')
    return hash('sha256', outer, 'hex')
  }
}

function padded(key: Buffer, pad: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, pad)
  for (let i = 0; i < key.length; i++) block[i]! ^= key[i]!
  return block
}
