import {
  budgetsOf,
  mapConcurrently,
  type ObjectStore,
  type ReadBudgets,
  throwIfCancelled,
} from '@spillway/core'
import { readParquetFooterBytes } from '@spillway/encoding'
import type { ListedFile } from './table-location.js'

const CONCURRENCY = 32
const LONGEST_FIRST_READ = 64 * 1024

/** What the footers read so far took, of all tables together. */
export interface FooterSizes {
  firstRead: number
  longest: number
}

export function footerSizes(): FooterSizes {
  return { firstRead: LONGEST_FIRST_READ, longest: 0 }
}

/** Reads footers of many files at a time, in one request each once it has seen how long they are. */
export class FooterReader {
  readonly #store: ObjectStore
  readonly #sizes: FooterSizes

  constructor(store: ObjectStore, sizes: FooterSizes = footerSizes()) {
    this.#store = store
    this.#sizes = sizes
  }

  get budgets(): ReadBudgets {
    return budgetsOf(this.#store)
  }

  /** Hands each file's footer to `take` as it comes, in no order; reads no more than are taken. */
  async forEach(
    files: readonly ListedFile[],
    take: (bytes: Uint8Array, index: number) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    await mapConcurrently(files, CONCURRENCY, async (file, index) => {
      throwIfCancelled(signal)
      await take(await this.#read(file, signal), index)
    })
  }

  async #read(file: ListedFile, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = await readParquetFooterBytes(this.#store, file, {
      firstRead: this.#sizes.firstRead,
      signal,
    })
    // Footers of one table are about as long: what the longest took, and room for more row groups.
    const longest = Math.max(this.#sizes.longest, bytes.length)
    this.#sizes.longest = longest
    this.#sizes.firstRead = Math.min(LONGEST_FIRST_READ, 1024 + 2 * longest)
    // A copy: the read was of more than the footer.
    return bytes.slice()
  }
}
