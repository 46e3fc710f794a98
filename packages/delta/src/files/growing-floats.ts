import { grown, trimmed } from '@spillway/core'

/** Doubles, appended. */
export class GrowingFloats {
  #values = new Float64Array(64)
  #length = 0

  append(value: number): void {
    if (this.#length >= this.#values.length) this.#values = grown(this.#values, this.#length + 1)
    this.#values[this.#length++] = value
  }

  finish(): Float64Array {
    return trimmed(this.#values, this.#length)
  }
}
