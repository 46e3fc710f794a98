import { untilAborted } from '@spillway/core'
import type { FolderListing } from './folder-listing.js'

const LISTING_BYTES = 256 * 1024 ** 2

/** What a listing that is made takes. */
export interface Growing {
  /** Settles when there is room for more: at once for the one that was begun first, so that always one goes on. */
  grow(bytes: number, signal: AbortSignal): Promise<void>
  end(): void
}

/** Listings in memory, those under way among them, within one budget. */
export class ListingMemory {
  readonly #most: number
  /** By folder and snapshot, the latest used last. */
  readonly #kept = new Map<string, FolderListing>()
  #bytes = 0
  /** Bytes of those under way, the first begun first. */
  readonly #growing = new Map<Growing, number>()
  readonly #waiting = new Set<() => void>()

  constructor(most = LISTING_BYTES) {
    this.#most = most
  }

  find(key: string): FolderListing | undefined {
    const found = this.#kept.get(key)
    if (found === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, found)
    return found
  }

  keep(key: string, listing: FolderListing): void {
    this.#drop(key)
    this.#kept.set(key, listing)
    this.#bytes += listing.byteLength
    this.#makeRoom()
  }

  begin(): Growing {
    const growing: Growing = {
      grow: async (bytes, signal) => {
        this.#bytes += bytes - this.#growing.get(growing)!
        this.#growing.set(growing, bytes)
        this.#makeRoom()
        while (this.#bytes > this.#most && !this.#isFirst(growing)) {
          await untilAborted(new Promise<void>(resolve => this.#waiting.add(resolve)), signal)
        }
      },
      end: () => {
        this.#bytes -= this.#growing.get(growing) ?? 0
        this.#growing.delete(growing)
        for (const resolve of this.#waiting) resolve()
        this.#waiting.clear()
      },
    }
    this.#growing.set(growing, 0)
    return growing
  }

  #isFirst(growing: Growing): boolean {
    const [first] = this.#growing.keys()
    return first === growing
  }

  #makeRoom(): void {
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#most) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.byteLength ?? 0
    this.#kept.delete(key)
  }
}
