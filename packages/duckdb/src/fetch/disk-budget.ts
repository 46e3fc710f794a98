import { TableError } from '@spillway/core'

/** Counts what fetched files take on the disk, and refuses what would be too much. */
export class DiskBudget {
  readonly maxBytes: number
  #used = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get used(): number {
    return this.#used
  }

  /** Returns what gives the bytes back. */
  take(bytes: number): () => void {
    if (this.#used + bytes > this.maxBytes) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `this query needs more than ${this.maxBytes} bytes of shared files on the disk at one time: narrow it, read fewer columns, raise maxDiskBytes, or give DuckDB's httpfs extension, which needs no disk`,
        { context: { maxDiskBytes: this.maxBytes } },
      )
    }
    this.#used += bytes
    let given = false
    return () => {
      if (!given) this.#used -= bytes
      given = true
    }
  }
}
