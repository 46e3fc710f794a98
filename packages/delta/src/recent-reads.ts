import { columnByteLength, type ParquetBatch } from '@spillway/core'

interface Entry {
  readonly batches: Promise<readonly SliceBatch[]>
  bytes: number
}

export interface SliceBatch {
  readonly batch: ParquetBatch
  /** Row of the row group it starts with. */
  readonly first: number
}

/**
 * Decoded originals of the row groups that answers are being streamed from. An answer asks for a few thousand rows
 * at a time, in order, so the group it is in must not be decoded again for each.
 */
export class RecentReads {
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: string, read: () => Promise<readonly SliceBatch[]>): Promise<readonly SliceBatch[]> {
    const held = this.#entries.get(key)
    if (held !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, held)
      return held.batches
    }
    const entry: Entry = { batches: read(), bytes: 0 }
    this.#entries.set(key, entry)
    entry.batches.then(
      batches => this.#measure(key, entry, batches),
      () => this.#drop(key, entry),
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
      this.#drop(oldest, old)
    }
  }

  #drop(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}
