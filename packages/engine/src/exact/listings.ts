import type { DataFile } from '@spillway/core'

/** Where the answer before left off: how often its last file had been listed. */
export interface ListedBefore {
  readonly path?: string
  readonly listings?: number
}

const FIRST_SLOTS = 256

/**
 * Counts how often one answer lists each file. A table may list a file twice, and then holds its rows twice; recipients
 * take two lines of one id or URL for the same, so that each has to be told apart. Of every file 8 to 16 bytes are kept,
 * no text: hashes of 53 bits.
 */
export class Listings {
  readonly #before: ListedBefore
  readonly #repeated = new Map<number, number>()
  /** Open addressing, never more than half full; 0 is empty. */
  #slots = new Float64Array(FIRST_SLOTS)
  #size = 0

  constructor(before: ListedBefore = {}) {
    this.#before = before
  }

  /** Which listing of its path this is, from 2; undefined for the first. */
  next({ path, recordedPath }: DataFile): number | undefined {
    const hash = hashOf(path)
    const known = this.#repeated.get(hash)
    if (known === undefined && this.#add(hash)) {
      const { path: last, listings = 1 } = this.#before
      if (recordedPath !== last && path !== last) return undefined
      this.#repeated.set(hash, listings + 1)
      return listings + 1
    }
    const listing = (known ?? 1) + 1
    this.#repeated.set(hash, listing)
    return listing
  }

  /** False where it was there. */
  #add(hash: number): boolean {
    const slot = slotOf(this.#slots, hash)
    if (this.#slots[slot] === hash) return false
    this.#slots[slot] = hash
    if (++this.#size * 2 > this.#slots.length) this.#grow()
    return true
  }

  #grow(): void {
    const grown = new Float64Array(this.#slots.length * 2)
    for (const hash of this.#slots) if (hash !== 0) grown[slotOf(grown, hash)] = hash
    this.#slots = grown
  }
}

function slotOf(slots: Float64Array, hash: number): number {
  let slot = hash % slots.length
  while (slots[slot] !== 0 && slots[slot] !== hash) slot = (slot + 1) % slots.length
  return slot
}

/** 53 bits of two FNV hashes, never 0. */
function hashOf(text: string): number {
  let low = 0x811c9dc5
  let high = 0x050c5d1f
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x85ebca6b)
  }
  high ^= high >>> 15
  return (high >>> 11) * 2 ** 32 + (low >>> 0) || 1
}
