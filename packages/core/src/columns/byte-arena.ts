import { grown, trimmed } from '../bytes/growth.js'
import type { BytesColumn } from './column.js'

/** Rows that tell how long the others are, where many come: a large buffer is made once, and not copied. */
const SAMPLE = 512
/** What is likely is only an estimate. */
const MOST = 64

/** Byte strings of consecutive rows, copied into one buffer. */
export class ByteArena {
  #offsets: Int32Array
  #data: Uint8Array
  readonly #rows: number
  #length = 0
  #used = 0

  /** `rows` are how many are likely to come. */
  constructor(rows: number, bytesPerRow: number) {
    this.#rows = rows
    this.#offsets = new Int32Array(rows + 1)
    this.#data = new Uint8Array(Math.max(256, Math.min(rows, SAMPLE) * bytesPerRow))
  }

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const used = this.#used + end - start
    if (used > this.#data.length) this.#data = this.#larger(used)
    // A loop: paths are short, and `set` would want a view of each.
    const data = this.#data
    for (let from = start, to = this.#used; from < end; ) data[to++] = bytes[from++]!
    this.#used = used
    this.#close()
  }

  /** Rows to come are taken for as long as those before, and some more: of many, half tell enough. */
  #larger(needed: number): Uint8Array {
    const rows = Math.max(this.#rows, this.#length * 2)
    const likely = Math.ceil((this.#used / Math.max(1, this.#length)) * rows * 1.1)
    if (this.#length < SAMPLE / 2) return grown(this.#data, needed, { likely })
    const larger = new Uint8Array(Math.max(needed, Math.min(likely, needed * MOST)))
    larger.set(this.#data)
    return larger
  }

  /** Empty rows up to, not including, `row`. */
  fillTo(row: number): void {
    while (this.#length < row) this.#close()
  }

  #close(): void {
    this.#length++
    if (this.#length >= this.#offsets.length) {
      this.#offsets = grown(this.#offsets, this.#length + 1)
    }
    this.#offsets[this.#length] = this.#used
  }

  finish(): BytesColumn {
    return {
      kind: 'bytes',
      offsets: trimmed(this.#offsets, this.#length + 1),
      data: trimmed(this.#data, this.#used),
    }
  }
}
