import { grown } from '@spillway/core'

/** Bytes of one string at a time, in memory that is used again for the next. */
export class ByteBuffer {
  #bytes = new Uint8Array(256)
  #length = 0

  clear(): void {
    this.#length = 0
  }

  /** What was written since `clear`; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Room for `extra` more bytes, which the caller writes into the array and reports with `advance`. */
  reserve(extra: number): Uint8Array {
    const needed = this.#length + extra
    this.#bytes = grown(this.#bytes, needed)
    return this.#bytes
  }

  get length(): number {
    return this.#length
  }

  advance(to: number): void {
    this.#length = to
  }
}
