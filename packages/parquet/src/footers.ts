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

/** Reads footers of many files at a time, in one request each once it has seen how long they are. */
export class FooterReader {
  readonly #store: ObjectStore
  #firstRead = LONGEST_FIRST_READ
  #longest = 0

  constructor(store: ObjectStore) {
    this.#store = store
  }

  get budgets(): ReadBudgets {
    return budgetsOf(this.#store)
  }

  /** Hands each file's footer to `take` as it comes, in no order. */
  async forEach(
    files: readonly ListedFile[],
    take: (bytes: Uint8Array, index: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await mapConcurrently(files, CONCURRENCY, async (file, index) => {
      throwIfCancelled(signal)
      take(await this.#read(file, signal), index)
    })
  }

  async #read(file: ListedFile, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = await readParquetFooterBytes(this.#store, file, {
      firstRead: this.#firstRead,
      ...(signal && { signal }),
    })
    // Footers of one table are about as long: what the longest took, and room for more row groups.
    this.#longest = Math.max(this.#longest, bytes.length)
    this.#firstRead = Math.min(LONGEST_FIRST_READ, 1024 + 2 * this.#longest)
    // A copy: the read was of more than the footer.
    return bytes.slice()
  }
}
