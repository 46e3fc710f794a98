import { overBudget, type ReadBudgets, TableError } from '@spillway/core'

/** A container takes as much memory as a good many positions. */
const POSITIONS_PER_CONTAINER = 64
/** More 32-bit bitmaps than this have high keys of their own: no count is greater. */
const MAX_COUNT = 0x100000000n

/** Reads little-endian numbers and refuses to run over the end. */
export class RoaringCursor {
  readonly view: DataView
  readonly #path: string | undefined
  readonly #budgets: ReadBudgets | undefined
  #positions = 0
  offset = 0

  constructor(bytes: Uint8Array, path: string | undefined, budgets: ReadBudgets | undefined) {
    this.#budgets = budgets
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#path = path
  }

  /** One container of `cardinality` positions. */
  count(cardinality: number): void {
    if (this.#budgets === undefined) return
    this.#positions += Math.max(cardinality, POSITIONS_PER_CONTAINER)
    const limit = this.#budgets.rows
    const observed = this.#positions
    if (observed <= limit) return
    const what = 'a deletion vector'
    throw overBudget({ key: 'rows', what, observed, limit, unit: 'positions', path: this.#path })
  }

  /** Where the next `length` bytes begin, which are passed over. */
  take(length: number, what: string): number {
    const start = this.offset
    const left = this.view.byteLength - start
    if (length > left) throw this.corrupt(`${what} needs ${length} bytes, ${left} are left`)
    this.offset += length
    return start
  }

  uint16(what: string): number {
    return this.view.getUint16(this.take(2, what), true)
  }

  uint32(what: string): number {
    return this.view.getUint32(this.take(4, what), true)
  }

  uint64(what: string): number {
    const value = this.view.getBigUint64(this.take(8, what), true)
    if (value > MAX_COUNT) throw this.corrupt(`${what} is ${value}`)
    return Number(value)
  }

  corrupt(reason: string): TableError {
    const where = this.#path === undefined ? '' : ` in ${this.#path}`
    return new TableError(
      'TABLE_CORRUPT',
      `expected a roaring bitmap${where}: ${reason} at byte ${this.offset}`,
      { context: this.#path === undefined ? {} : { path: this.#path } },
    )
  }
}
