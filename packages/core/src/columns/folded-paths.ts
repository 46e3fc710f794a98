import { type BytesColumn, columnByteLength, readBytes } from './column.js'
import { placeIn } from './row-starts.js'

/** How all paths of a run begin and end. */
export interface SharedEnds {
  readonly head: Uint8Array
  readonly tail: Uint8Array
}

/** What a run holds beside its ends. */
const RUN_OVERHEAD = 300

/**
 * The paths of a batch's files. Neighbours lie in one folder and are named by one writer: what all of a run have in common at
 * both ends, most of their bytes, is held once.
 */
export class FoldedPaths {
  readonly length: number
  readonly #starts: readonly number[]
  readonly #ends: readonly SharedEnds[]
  readonly #middles: BytesColumn
  #column: BytesColumn | undefined

  constructor(starts: readonly number[], ends: readonly SharedEnds[], middles: BytesColumn) {
    this.length = starts.at(-1)!
    this.#starts = starts
    this.#ends = ends
    this.#middles = middles
  }

  get byteLength(): number {
    let bytes = columnByteLength(this.#middles)
    for (const { head, tail } of this.#ends) bytes += head.length + tail.length + RUN_OVERHEAD
    return bytes + (this.#column === undefined ? 0 : columnByteLength(this.#column))
  }

  /** All of them, made at the first call and kept. */
  get column(): BytesColumn {
    this.#column ??= this.#unfolded(0, this.length)
    return this.#column
  }

  /** All of them in their order, a run at a time, for who looks at each once. */
  *parts(): Generator<BytesColumn, void, undefined> {
    if (this.#column !== undefined) yield this.#column
    else {
      for (let run = 0; run < this.#ends.length; run++) {
        yield this.#unfolded(this.#starts[run]!, this.#starts[run + 1]!)
      }
    }
  }

  /** What it is made of: where its runs begin and the last ends, what the rows of each share, and what is each row's own. */
  get folds(): {
    readonly starts: readonly number[]
    readonly ends: readonly SharedEnds[]
    readonly middles: BytesColumn
  } {
    return { starts: this.#starts, ends: this.#ends, middles: this.#middles }
  }

  /** Bytes that all of them are made of, each once. */
  *pieces(): Generator<Uint8Array, void, undefined> {
    yield this.#middles.data
    for (const { head, tail } of this.#ends) {
      yield head
      yield tail
    }
  }

  /** Those of the rows from `from` to before `to`, without the column of all. */
  span(from: number, to: number): BytesColumn {
    const column = this.#column
    if (column === undefined) return this.#unfolded(from, to)
    return { kind: 'bytes', offsets: column.offsets.subarray(from, to + 1), data: column.data }
  }

  bytes(row: number): Uint8Array {
    return this.#column === undefined
      ? this.#unfolded(row, row + 1).data
      : readBytes(this.#column, row)
  }

  #unfolded(from: number, to: number): BytesColumn {
    const offsets = new Int32Array(to - from + 1)
    const middles = this.#middles.offsets
    const first = from < to ? placeIn(this.#starts, from) : 0
    let run = first
    for (let row = from; row < to; row++) {
      while (row >= this.#starts[run + 1]!) run++
      const { head, tail } = this.#ends[run]!
      const length = head.length + tail.length + middles[row + 1]! - middles[row]!
      offsets[row - from + 1] = offsets[row - from]! + length
    }
    const data = new Uint8Array(offsets[to - from]!)
    run = first
    for (let row = from; row < to; row++) {
      while (row >= this.#starts[run + 1]!) run++
      this.#unfold(this.#ends[run]!, row, { data, at: offsets[row - from]! })
    }
    return { kind: 'bytes', offsets, data }
  }

  #unfold(
    { head, tail }: SharedEnds,
    row: number,
    { data, at }: { readonly data: Uint8Array; readonly at: number },
  ): void {
    const { offsets, data: middles } = this.#middles
    let to = at
    for (let i = 0; i < head.length; i++) data[to++] = head[i]!
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) data[to++] = middles[i]!
    for (let i = 0; i < tail.length; i++) data[to++] = tail[i]!
  }
}
