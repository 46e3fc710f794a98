import { hash64Into } from '@spillway/core'
import { sameBytes } from './text-interner.js'

const NONE = -1

/**
 * The files a run of commits names, each once: a hash table of 64-bit keys with the identities beside it, since two
 * files may share a key. `slotOf` numbers the files; `place` says where each is, for whoever replays the run.
 */
export class KeyIndex {
  #table: Int32Array
  #lanes: Uint32Array
  #place: Int32Array
  readonly #identities = new IdentityArena()
  readonly #scratch = new Uint32Array(2)
  #size = 0

  constructor(capacity = 64) {
    const slots = 1 << Math.ceil(Math.log2(Math.max(8, capacity * 2)))
    this.#table = new Int32Array(slots).fill(NONE)
    this.#lanes = new Uint32Array(Math.max(16, capacity * 2))
    this.#place = new Int32Array(Math.max(8, capacity))
  }

  get size(): number {
    return this.#size
  }

  /** The number of a file, given now if it is new, and then with place -1. */
  add(identity: Uint8Array): number {
    const lanes = this.#scratch
    hash64Into(identity, lanes, 0)
    const found = this.#find(lanes[0]!, lanes[1]!, identity)
    if (found !== NONE) return found
    if ((this.#size + 1) * 2 > this.#table.length) this.#grow()
    const entry = this.#size++
    this.#lanes[entry * 2] = lanes[0]!
    this.#lanes[entry * 2 + 1] = lanes[1]!
    this.#place[entry] = NONE
    this.#identities.append(identity)
    this.#insert(entry)
    return entry
  }

  placeOf(entry: number): number {
    return this.#place[entry]!
  }

  setPlace(entry: number, place: number): void {
    this.#place[entry] = place
  }

  /** True when the file with this key, and this identity if the key is known, is one of ours. */
  has(first: number, second: number, identity: () => Uint8Array): boolean {
    const mask = this.#table.length - 1
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]!
      if (entry === NONE) return false
      if (this.#lanes[entry * 2] === first && this.#lanes[entry * 2 + 1] === second) {
        return this.#find(first, second, identity()) !== NONE
      }
    }
  }

  /** One index of the files of both. */
  merged(other: KeyIndex): KeyIndex {
    const all = new KeyIndex(this.#size + other.#size)
    for (const from of [this as KeyIndex, other]) {
      for (let entry = 0; entry < from.#size; entry++) all.add(from.#identities.at(entry))
    }
    return all
  }

  #find(first: number, second: number, identity: Uint8Array): number {
    const mask = this.#table.length - 1
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]!
      if (entry === NONE) return NONE
      const sameKey = this.#lanes[entry * 2] === first && this.#lanes[entry * 2 + 1] === second
      if (sameKey && sameBytes(this.#identities.at(entry), identity)) return entry
    }
  }

  #insert(entry: number): void {
    const mask = this.#table.length - 1
    let slot = this.#lanes[entry * 2]! & mask
    while (this.#table[slot] !== NONE) slot = (slot + 1) & mask
    this.#table[slot] = entry
  }

  #grow(): void {
    this.#table = new Int32Array(this.#table.length * 2).fill(NONE)
    const capacity = this.#table.length / 2
    const lanes = new Uint32Array(capacity * 2)
    lanes.set(this.#lanes.subarray(0, this.#size * 2))
    this.#lanes = lanes
    const place = new Int32Array(capacity)
    place.set(this.#place.subarray(0, this.#size))
    this.#place = place
    for (let entry = 0; entry < this.#size; entry++) this.#insert(entry)
  }
}

/** Identities back to back. In blocks, since a table may have more than one array can hold. */
class IdentityArena {
  readonly #blocks: IdentityBlock[] = []

  append(identity: Uint8Array): void {
    let block = this.#blocks.at(-1)
    if (block === undefined || block.length === PER_BLOCK) {
      block = { offsets: new Uint32Array(16), data: new Uint8Array(1024), length: 0 }
      this.#blocks.push(block)
    }
    const used = block.offsets[block.length]!
    const end = used + identity.length
    if (end > block.data.length) {
      const grown = new Uint8Array(Math.max(end, block.data.length * 2))
      grown.set(block.data.subarray(0, used))
      block.data = grown
    }
    block.data.set(identity, used)
    block.length++
    if (block.length >= block.offsets.length) {
      const grown = new Uint32Array(block.offsets.length * 2)
      grown.set(block.offsets)
      block.offsets = grown
    }
    block.offsets[block.length] = end
  }

  at(entry: number): Uint8Array {
    const block = this.#blocks[entry >>> 16]!
    const row = entry & (PER_BLOCK - 1)
    return block.data.subarray(block.offsets[row]!, block.offsets[row + 1]!)
  }
}

const PER_BLOCK = 1 << 16

interface IdentityBlock {
  offsets: Uint32Array
  data: Uint8Array
  length: number
}
