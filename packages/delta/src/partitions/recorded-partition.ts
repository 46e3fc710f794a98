import { grown } from '@spillway/core'

/** What the log may say: a text, null, or nothing at all. */
export type Recorded = string | null | undefined

/** One partition column of a batch as the log spells it: codes into the distinct texts. Code 0 is "not recorded". */
export interface RecordedPartition {
  readonly codes: Uint32Array
  readonly texts: readonly Recorded[]
}

/** The values of `column`, and where it has none those of `other`. */
export function firstRecorded(
  column: RecordedPartition,
  other: RecordedPartition,
): RecordedPartition {
  const shift = column.texts.length
  const moved = (code: number) => (code === 0 ? 0 : code + shift)
  const codes = column.codes.map((code, row) => code || moved(other.codes[row]!))
  return { codes, texts: [...column.texts, ...other.texts] }
}

/** Bytes that the columns hold, roughly. */
export function recordedBytes(columns: ReadonlyMap<string, RecordedPartition>): number {
  let bytes = 0
  for (const { codes, texts } of columns.values()) {
    bytes += codes.byteLength
    for (const text of texts) bytes += 16 + (text?.length ?? 0) * 2
  }
  return bytes
}

/** Gathers one partition column of a growing batch. */
export class RecordedPartitionBuilder {
  readonly #texts: Recorded[] = [undefined]
  readonly #codeOf = new Map<string | null, number>()
  #codes = new Uint32Array(64)
  #last: Recorded
  #lastCode = 0

  set(row: number, text: string | null): void {
    if (text !== this.#last) {
      this.#last = text
      this.#lastCode = this.#code(text)
    }
    this.#codes = grown(this.#codes, row + 1)
    this.#codes[row] = this.#lastCode
  }

  #code(text: string | null): number {
    let code = this.#codeOf.get(text)
    if (code === undefined) {
      code = this.#texts.length
      this.#codeOf.set(text, code)
      this.#texts.push(text)
    }
    return code
  }

  finish(length: number): RecordedPartition {
    const codes = new Uint32Array(length)
    codes.set(this.#codes.subarray(0, length))
    return { codes, texts: this.#texts }
  }
}
