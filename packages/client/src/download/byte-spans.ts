export interface Span {
  readonly start: number
  /** Not among them. */
  readonly end: number
}

/** Which bytes of a file are there: spans in order, none touching another. */
export class ByteSpans {
  #spans: Span[] = []

  add({ start, end }: Span): void {
    if (start >= end) return
    const before = this.#spans.filter(each => each.end < start)
    const behind = this.#spans.filter(each => each.start > end)
    const touched = this.#spans.slice(before.length, this.#spans.length - behind.length)
    const first = Math.min(start, touched[0]?.start ?? start)
    const last = Math.max(end, touched.at(-1)?.end ?? end)
    this.#spans = [...before, { start: first, end: last }, ...behind]
  }

  /** Bytes from the first of the file on without a gap. */
  get frontier(): number {
    const [first] = this.#spans
    return first?.start === 0 ? first.end : 0
  }

  get total(): number {
    return this.#spans.reduce((sum, { start, end }) => sum + end - start, 0)
  }

  get all(): readonly Span[] {
    return this.#spans
  }

  /** What is missing of a file of `size` bytes, none longer than `most`. */
  missing(size: number, most: number): readonly Span[] {
    const missing: Span[] = []
    let at = 0
    for (const { start, end } of [...this.#spans, { start: size, end: size }]) {
      for (; at < start; at = Math.min(at + most, start)) {
        missing.push({ start: at, end: Math.min(at + most, start) })
      }
      at = Math.max(at, end)
    }
    return missing
  }
}
