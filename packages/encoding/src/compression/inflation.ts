import { overBudget, type ReadBudgets, SMALL_INFLATION } from '@spillway/core'

/** What is read at once: its stored bytes, and as what it is named in errors. */
export interface InflationOf {
  /** The noun and its article: `a row group`. */
  readonly what: string
  /** Bytes of the whole file that it is part of. */
  readonly storedBytes: number
  readonly path?: string | undefined
}

/**
 * The memory that one read may take once it is decoded. Whoever allocates by what bytes claim asks first, so that a claim is
 * refused and not found out.
 */
export class Inflation {
  readonly limit: number
  readonly #key: keyof ReadBudgets
  readonly #of: InflationOf
  #taken = 0
  #passed = 0

  /** `most` is the limit that holds whatever the file's length. */
  constructor(
    budgets: ReadBudgets,
    of: InflationOf,
    most: 'inflatedBytes' | 'documentBytes' = 'inflatedBytes',
  ) {
    // A small file may become large as a whole, never in proportion: rows that are all alike take no bytes at all.
    const byRatio = Math.max(SMALL_INFLATION, of.storedBytes * budgets.inflationRatio)
    this.limit = Math.min(budgets[most], byRatio)
    this.#key = this.limit < byRatio ? most : 'inflationRatio'
    this.#of = of
  }

  /** Room for `bytes` more. */
  take(bytes: number): void {
    this.#taken += bytes
    this.check(this.#taken)
  }

  /** Room for `bytes` that are let go before more come: they cost time, and memory once. */
  pass(bytes: number): void {
    this.#passed += bytes
    this.check(Math.max(this.#passed, this.#taken + bytes))
  }

  /** Throws where `bytes` are more than all that may be taken. */
  check(bytes: number): void {
    if (bytes <= this.limit) return
    const { what, storedBytes, path } = this.#of
    throw overBudget({
      key: this.#key,
      what: `${what} in a file of ${storedBytes} bytes, which takes memory`,
      observed: bytes,
      limit: this.limit,
      unit: 'bytes',
      path,
    })
  }
}
