import { TableError } from '@spillway/core'
import { type AvroObject, type AvroType, readAvroValue } from '@spillway/encoding'

/** The distinct partition tuples of a manifest, as its entries' bytes: a million files share a few of them. */
export class TupleTable {
  readonly #encoded: Uint8Array[] = []
  /** Open addressing: code + 1 at the hash of its bytes or after. Never more than half full. */
  #slots = new Int32Array(256)

  get size(): number {
    return this.#encoded.length
  }

  get byteLength(): number {
    return this.#encoded.reduce((sum, bytes) => sum + bytes.length + 100, this.#slots.byteLength)
  }

  // Called for every entry: it allocates for the first of a kind only.
  /** The number of the tuple encoded in `bytes` from `start` to `end`. */
  codeOf(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(bytes, start, end) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const code = this.#slots[slot]! - 1
      if (isSame(this.#encoded[code]!, bytes, start, end)) return code
    }
    const code = this.#encoded.push(bytes.slice(start, end)) - 1
    this.#slots[slot] = code + 1
    if (this.#encoded.length * 2 > this.#slots.length) this.#grow()
    return code
  }

  #grow(): void {
    const grown = new Int32Array(this.#slots.length * 2)
    const mask = grown.length - 1
    for (const [code, bytes] of this.#encoded.entries()) {
      let slot = hashOf(bytes, 0, bytes.length) & mask
      while (grown[slot] !== 0) slot = (slot + 1) & mask
      grown[slot] = code + 1
    }
    this.#slots = grown
  }

  /** Tuple `code` under the type the manifest gives it; null, which some writers put for no partition, is empty. */
  decode(code: number, type: AvroType): AvroObject {
    const bytes = this.#encoded[code]!
    const { value, end } = readAvroValue(type, bytes)
    if (end !== bytes.length) throw new TableError('TABLE_CORRUPT', 'a partition tuple ends early')
    return value === null ? {} : (value as AvroObject)
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
