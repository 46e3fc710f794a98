import type { BytesColumn } from '@spillway/core'

/** Byte strings of consecutive rows, copied into one buffer. */
export class ByteArena {
  #offsets: Int32Array
  #data: Uint8Array
  #length = 0
  #used = 0

  constructor(rows: number, bytesPerRow: number) {
    this.#offsets = new Int32Array(rows + 1)
    this.#data = new Uint8Array(Math.max(256, rows * bytesPerRow))
  }

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const used = this.#used + end - start
    if (used > this.#data.length) {
      const grown = new Uint8Array(Math.max(used, this.#data.length * 2))
      grown.set(this.#data.subarray(0, this.#used))
      this.#data = grown
    }
    // A loop: paths are short, and `set` would want a view of each.
    const data = this.#data
    for (let from = start, to = this.#used; from < end; ) data[to++] = bytes[from++]!
    this.#used = used
    this.#close()
  }

  /** Empty rows up to, not including, `row`. */
  fillTo(row: number): void {
    while (this.#length < row) this.#close()
  }

  #close(): void {
    this.#length++
    if (this.#length >= this.#offsets.length) {
      const grown = new Int32Array(this.#offsets.length * 2)
      grown.set(this.#offsets)
      this.#offsets = grown
    }
    this.#offsets[this.#length] = this.#used
  }

  finish(): BytesColumn {
    return {
      kind: 'bytes',
      offsets: this.#offsets.slice(0, this.#length + 1),
      data: this.#data.slice(0, this.#used),
    }
  }
}
