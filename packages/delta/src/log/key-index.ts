import { grown, hash64Into } from '@spillway/core'
import { sameBytes } from '../json/text-interner.js'

const NONE = -1

/**
 * The files a run of commits names, each once: a hash table of 64-bit keys with the identities beside it, since two
 * files may share a key. Files are numbered as they come; `place` says where each is, for whoever replays the run. A large
 * table is many small ones, by some bits of the key that their slots do not use: each grows in a millisecond, at its own time.
 */
export class KeyIndex {
  #shards: Shard[]
  #lanes: Uint32Array
  #place: Int32Array
  readonly #identities = new IdentityArena()
  readonly #scratch = new Uint32Array(2)
  #size = 0

  constructor(capacity = 64) {
    const count = capacity > FEW ? SHARDS : 1
    this.#shards = Array.from({ length: count }, () => new Shard(Math.ceil(capacity / count)))
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
    if (this.#size === FEW && this.#shards.length === 1) this.#divide()
    const entry = this.#size++
    this.#lanes = grown(this.#lanes, this.#size * 2)
    this.#place = grown(this.#place, this.#size)
    this.#lanes[entry * 2] = lanes[0]!
    this.#lanes[entry * 2 + 1] = lanes[1]!
    this.#place[entry] = NONE
    this.#identities.append(identity)
    this.#shard(lanes[1]!).insert(entry, this.#lanes)
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
    const { slots } = this.#shard(second)
    const mask = slots.length - 1
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]!
      if (entry === NONE) return false
      if (this.#lanes[entry * 2] === first && this.#lanes[entry * 2 + 1] === second) {
        return this.#find(first, second, identity()) !== NONE
      }
    }
  }

  /** One index of the files of all. */
  merged(...others: readonly KeyIndex[]): KeyIndex {
    const each: readonly KeyIndex[] = [this, ...others]
    const all = new KeyIndex(each.reduce((sum, { size }) => sum + size, 0))
    for (const from of each) {
      for (let entry = 0; entry < from.#size; entry++) all.add(from.#identities.at(entry))
    }
    return all
  }

  #find(first: number, second: number, identity: Uint8Array): number {
    const { slots } = this.#shard(second)
    const mask = slots.length - 1
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]!
      if (entry === NONE) return NONE
      const sameKey = this.#lanes[entry * 2] === first && this.#lanes[entry * 2 + 1] === second
      if (sameKey && sameBytes(this.#identities.at(entry), identity)) return entry
    }
  }

  #shard(second: number): Shard {
    return this.#shards[second & (this.#shards.length - 1)]!
  }

  #divide(): void {
    this.#shards = Array.from({ length: SHARDS }, () => new Shard(Math.ceil(FEW / SHARDS)))
    for (let entry = 0; entry < this.#size; entry++) {
      this.#shard(this.#lanes[entry * 2 + 1]!).insert(entry, this.#lanes)
    }
  }
}

/** A power of two. */
const SHARDS = 64
/** Files that one table holds. */
const FEW = 4096

/** A hash table of files' numbers by the first half of their keys, with open addressing; no more than half full. */
class Shard {
  slots: Int32Array
  #used = 0

  constructor(capacity: number) {
    const length = 1 << Math.ceil(Math.log2(Math.max(8, capacity * 2)))
    this.slots = new Int32Array(length).fill(NONE)
  }

  insert(entry: number, lanes: Uint32Array): void {
    if (++this.#used * 2 > this.slots.length) this.#grow(lanes)
    place(this.slots, entry, lanes)
  }

  #grow(lanes: Uint32Array): void {
    const larger = new Int32Array(this.slots.length * 2).fill(NONE)
    for (const entry of this.slots) if (entry !== NONE) place(larger, entry, lanes)
    this.slots = larger
  }
}

function place(slots: Int32Array, entry: number, lanes: Uint32Array): void {
  const mask = slots.length - 1
  let slot = lanes[entry * 2]! & mask
  while (slots[slot] !== NONE) slot = (slot + 1) & mask
  slots[slot] = entry
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
