/** Doubles, appended. */
export class GrowingFloats {
  #values = new Float64Array(64)
  #length = 0

  append(value: number): void {
    if (this.#length >= this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length++] = value
  }

  finish(): Float64Array {
    return this.#values.slice(0, this.#length)
  }
}
