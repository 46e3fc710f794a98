import { grown, TableError } from '@spillway/core'
import { AvroCursor, type AvroObject, type AvroType, compileAvroReader } from '@spillway/encoding'

/** Tuples that are placed anew in no time. */
const MANY = 8192

/**
 * The distinct partition tuples of a manifest, as its entries' bytes one after the other: a million files share a few of
 * them, or each has its own.
 */
export class TupleTable {
  #bytes = new Uint8Array(256)
  /** Where each begins, and the end of the last. */
  #starts = new Int32Array(64)
  #hashes = new Int32Array(64)
  #size = 0
  /** Open addressing: code + 1 at the hash of its bytes or after. Never more than half full. */
  #slots = new Int32Array(256)
  readonly #rows: number

  /** A table for the tuples of `rows` entries at most. */
  constructor(rows: number) {
    this.#rows = rows
  }

  get size(): number {
    return this.#size
  }

  get byteLength(): number {
    return this.#starts[this.#size]! + this.#size * 8 + this.#slots.byteLength
  }

  // Called for every entry: it allocates for the first of a kind only.
  /** The number of the tuple encoded in `bytes` from `start` to `end`. */
  codeOf(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const code = this.#slots[slot]! - 1
      if (this.#hashes[code] === hash && this.#isSame(code, bytes, start, end)) return code
    }
    const code = this.#append(bytes, start, end)
    this.#hashes = grown(this.#hashes, this.#size, { likely: this.#rows })
    this.#hashes[code] = hash
    this.#slots[slot] = code + 1
    if (this.#size * 2 > this.#slots.length) this.#grow()
    return code
  }

  #append(bytes: Uint8Array, start: number, end: number): number {
    const code = this.#size++
    const used = this.#starts[code]!
    const likely = Math.ceil((used / Math.max(1, code)) * this.#rows * 1.1)
    this.#bytes = grown(this.#bytes, used + end - start, { likely })
    this.#bytes.set(bytes.subarray(start, end), used)
    this.#starts = grown(this.#starts, this.#size + 1, { likely: this.#rows + 1 })
    this.#starts[this.#size] = used + end - start
    return code
  }

  #isSame(code: number, bytes: Uint8Array, start: number, end: number): boolean {
    const known = this.#starts[code]!
    const length = end - start
    if (this.#starts[code + 1]! - known !== length) return false
    for (let i = 0; i < length; i++) if (this.#bytes[known + i] !== bytes[start + i]) return false
    return true
  }

  /** Once there are many, at once for all that may come: to place hundreds of thousands anew would hold the thread. */
  #grow(): void {
    const likely = this.#size < MANY ? 0 : 2 ** Math.ceil(Math.log2(this.#rows * 2 + 1))
    const larger = new Int32Array(Math.max(likely, this.#slots.length * 2))
    const mask = larger.length - 1
    for (let code = 0; code < this.#size; code++) {
      let slot = this.#hashes[code]! & mask
      while (larger[slot] !== 0) slot = (slot + 1) & mask
      larger[slot] = code + 1
    }
    this.#slots = larger
  }

  /** How long the tuple `code` is. */
  bytesOf(code: number): number {
    return this.#starts[code + 1]! - this.#starts[code]!
  }

  /** Reads tuples by code, under the type the manifest gives them; null, which some writers put for no partition, is empty. */
  reader(type: AvroType): (code: number) => AvroObject {
    const read = compileAvroReader(type)
    return code => {
      const cursor = new AvroCursor(
        this.#bytes.subarray(this.#starts[code], this.#starts[code + 1]),
      )
      const value = read(cursor)
      if (cursor.pos === cursor.bytes.length) return value === null ? {} : (value as AvroObject)
      throw new TableError('TABLE_CORRUPT', 'a partition tuple ends early')
    }
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash ^ (hash >>> 15)
}
