import { grown, hash64Into, TableError } from '@spillway/core'
import type { TextAt } from './actions.js'
import { decodePath, isAbsolutePath, qualify } from './data-path.js'
import { type VectorDescriptor, vectorId } from './deletion-vector.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

const PERCENT = 0x25
const COLON = 0x3a
const SLASH = 0x2f

/**
 * What identifies a logical file: its path in one spelling, and its vector. PROTOCOL.md, "Action Reconciliation". An
 * absolute path and a relative one are never taken for the same file, as no writer takes them so.
 */
export function identityBytes(
  location: string,
  path: Uint8Array,
  vector: VectorDescriptor | undefined,
): Uint8Array {
  const canonical = needsSpelling(path, 0, path.length) ? respell(location, path) : path
  if (vector === undefined) return canonical
  const id = encoder.encode(`\0${vectorId(vector)}`)
  const bytes = new Uint8Array(canonical.length + id.length)
  bytes.set(canonical)
  bytes.set(id, canonical.length)
  return bytes
}

/** True where no path within `bytes` has anything that would have to be decoded: a look at all of them at once. */
export function areSpelled(bytes: Uint8Array): boolean {
  return !bytes.includes(PERCENT) && !bytes.includes(COLON)
}

/** Most paths have one spelling only: relative, nothing encoded. */
function needsSpelling(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === SLASH) return true
  for (let i = start; i < end; i++) {
    if (bytes[i] === PERCENT || bytes[i] === COLON) return true
  }
  return false
}

function respell(location: string, path: Uint8Array): Uint8Array {
  const recorded = utf8.decode(path)
  const decoded = decodePath(recorded)
  if (isAbsolutePath(recorded)) {
    return encoder.encode(qualify(location, decoded).replace(/^file:\/*(?=\/)/, ''))
  }
  // A name with an encoded scheme or slash in it is not the absolute path that it decodes to.
  return encoder.encode(isAbsolutePath(decoded) ? `./${decoded}` : decoded)
}

/** No store has longer keys, each byte of them escaped. */
const MAX_PATH_BYTES = 64 * 1024

function tooLong(observed: number): TableError {
  const what = `a path of ${observed} bytes, the longest that a store has is ${MAX_PATH_BYTES}`
  return new TableError('TABLE_CORRUPT', what)
}

/** The 64-bit keys of a run of files, growing; `lanes` has the low and the high half of each, in the machine's order. */
export class KeyColumn {
  readonly #location: string
  #lanes: Uint32Array<ArrayBuffer>
  #length = 0

  constructor(location: string, capacity = 64) {
    this.#location = location
    this.#lanes = new Uint32Array(capacity * 2)
  }

  /** `plain` is true where it is known that no byte of the path has to be decoded. */
  append(path: TextAt, vector: VectorDescriptor | undefined, plain = false): void {
    this.#lanes = grown(this.#lanes, this.#length * 2 + 2)
    const { bytes, start, end } = path
    if (end - start > MAX_PATH_BYTES) throw tooLong(end - start)
    const isSpelled = plain ? bytes[start] !== SLASH : !needsSpelling(bytes, start, end)
    if (vector === undefined && isSpelled) {
      hash64Into(bytes, this.#lanes, this.#length++, path)
      return
    }
    const identity = identityBytes(this.#location, bytes.subarray(start, end), vector)
    hash64Into(identity, this.#lanes, this.#length++)
  }

  finish(): BigUint64Array {
    return new BigUint64Array(this.#lanes.slice(0, this.#length * 2).buffer)
  }
}
