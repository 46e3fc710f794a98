import type { BatchCache, BatchSpill, FileBatch } from '@spillway/core'
import { SingleFlight } from '../calls/shared-load.js'

export interface BatchCacheStats {
  readonly entries: number
  readonly bytes: number
  readonly hits: number
  readonly misses: number
  readonly evictions: number
}

export interface MeasuredBatchCache extends BatchCache {
  stats(): BatchCacheStats
}

interface Entry {
  readonly batch: FileBatch
  /** As last measured: a batch grows as columns are asked of it. */
  bytes: number
}

interface BatchCacheOptions {
  readonly maxBytes: number
  /** Where what is decoded outlives the process, if anywhere. */
  readonly spill?: BatchSpill | undefined
}

/** Batches within one byte budget, the least recently used leaving first. */
export function createBatchCache(options: BatchCacheOptions): MeasuredBatchCache {
  return new LruBatchCache(options)
}

class LruBatchCache implements MeasuredBatchCache {
  readonly spill: BatchSpill | undefined
  readonly #maxBytes: number
  // Insertion order is the order of last use.
  readonly #entries = new Map<string, Entry>()
  readonly #loads = new SingleFlight<FileBatch>()
  #bytes = 0
  #hits = 0
  #misses = 0
  #evictions = 0

  constructor({ maxBytes, spill }: BatchCacheOptions) {
    this.#maxBytes = maxBytes
    this.spill = spill
  }

  async get(
    key: string,
    load: (signal: AbortSignal) => Promise<FileBatch>,
    signal?: AbortSignal,
  ): Promise<FileBatch> {
    const held = this.#entries.get(key)
    if (held !== undefined) {
      this.#hits++
      this.#keep(key, held.batch)
      return held.batch
    }
    this.#misses++
    return this.#loads.run(
      key,
      async cancelled => {
        const batch = await load(cancelled)
        this.#keep(key, batch)
        return batch
      },
      signal,
    )
  }

  stats(): BatchCacheStats {
    return {
      entries: this.#entries.size,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
    }
  }

  #keep(key: string, batch: FileBatch): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
    const entry = { batch, bytes: batch.byteLength }
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    if (this.#bytes > this.#maxBytes) this.#evict(key)
  }

  #evict(justUsed: string): void {
    this.#measure()
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return
      // A single batch above the whole budget is still served, and leaves when the next one comes.
      if (key === justUsed) continue
      this.#entries.delete(key)
      this.#bytes -= entry.bytes
      this.#evictions++
    }
  }

  #measure(): void {
    this.#bytes = 0
    for (const entry of this.#entries.values()) {
      entry.bytes = entry.batch.byteLength
      this.#bytes += entry.bytes
    }
  }
}
