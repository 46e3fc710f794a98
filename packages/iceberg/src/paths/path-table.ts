import { atOnce, type BytesColumn, compareBytes, Pace, readBytes, type Steps } from '@spillway/core'

/** Finds the rows of a column of paths that hold a given path: a hash table of row numbers, no object per path. */
export class PathTable {
  readonly #paths: BytesColumn
  readonly #heads: Int32Array
  readonly #next: Int32Array
  #size = 0

  /** Empty paths are left out. */
  static of(paths: BytesColumn): PathTable {
    return atOnce(PathTable.inSteps(paths))
  }

  /** A table of very many paths, filled in steps. */
  static *inSteps(paths: BytesColumn): Steps<PathTable> {
    const table = new PathTable(paths)
    yield* table.#fill()
    return table
  }

  private constructor(paths: BytesColumn) {
    const rows = paths.offsets.length - 1
    this.#paths = paths
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(rows, 1) * 2))).fill(-1)
    this.#next = new Int32Array(rows)
  }

  *#fill(): Steps<void> {
    const pace = new Pace()
    // From the end, so that the rows of a path come ascending.
    for (let row = this.#next.length - 1; row >= 0; row--) {
      const path = readBytes(this.#paths, row)
      if (pace.isOver(path.length)) yield
      if (path.length === 0) continue
      const slot = this.#slot(path)
      this.#next[row] = this.#heads[slot]!
      this.#heads[slot] = row
      this.#size++
    }
  }

  /** How many rows hold a path. */
  get size(): number {
    return this.#size
  }

  get byteLength(): number {
    return this.#heads.byteLength + this.#next.byteLength
  }

  /** Rows that hold `path`, ascending. */
  *rowsOf(path: Uint8Array): Generator<number> {
    for (let row = this.#heads[this.#slot(path)]!; row >= 0; row = this.#next[row]!) {
      if (compareBytes(readBytes(this.#paths, row), path) === 0) yield row
    }
  }

  #slot(path: Uint8Array): number {
    let hash = 0x811c9dc5
    for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path[i]!, 0x01000193)
    return (hash ^ (hash >>> 15)) & (this.#heads.length - 1)
  }
}
