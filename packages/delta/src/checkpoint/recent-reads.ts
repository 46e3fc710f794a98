import { columnByteLength } from '@spillway/core'
import type { SliceBatch } from './row-group.js'

type Decoded = Promise<readonly SliceBatch[]>

interface Entry {
  readonly batches: Decoded
  bytes: number
}

/**
 * Decoded raw statistics and tags of the row groups that answers are being streamed from. An answer asks for a few thousand rows
 * at a time, in order, so the group it is in must not be decoded again for each. What answers still hold is found
 * again when it no longer fits in the budget: many answers at many places of one table decode each group once, and keep
 * no more than the table has.
 */
export class RecentReads {
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  readonly #held = new Map<string, WeakRef<Decoded>>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: string, read: () => Decoded): Decoded {
    const kept = this.#entries.get(key)
    if (kept !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, kept)
      return kept.batches
    }
    const held = this.#held.get(key)?.deref()
    this.#held.delete(key)
    const entry: Entry = { batches: held ?? read(), bytes: 0 }
    this.#entries.set(key, entry)
    entry.batches.then(
      batches => this.#measure(key, entry, batches),
      () => this.#entries.get(key) === entry && this.#entries.delete(key),
    )
    return entry.batches
  }

  #measure(key: string, entry: Entry, batches: readonly SliceBatch[]): void {
    if (this.#entries.get(key) !== entry) return
    for (const { batch } of batches) {
      for (const { column, offsets } of batch.leaves.values()) {
        entry.bytes += columnByteLength(column) + (offsets?.byteLength ?? 0)
      }
    }
    this.#bytes += entry.bytes
    for (const [oldest, old] of this.#entries) {
      if (this.#bytes <= this.#maxBytes || old === entry) break
      this.#evict(oldest, old)
    }
  }

  #evict(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
    for (const [other, held] of this.#held) {
      if (held.deref() === undefined) this.#held.delete(other)
    }
    this.#held.set(key, new WeakRef(entry.batches))
  }
}
