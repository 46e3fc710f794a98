import { type Column, isValid, leafKey, type ParquetBatch, readBytes } from '@spillway/core'
import type { TextAt } from '../actions/actions.js'
import { areSpelled } from '../actions/file-key.js'
import { TextInterner } from '../json/text-interner.js'

/** Reads one leaf of Parquet batches by row, decoding a text that repeats only once. */
export class TextLeaf {
  readonly #column: Column | undefined
  readonly #offsets: Int32Array | undefined
  readonly #interner: TextInterner
  /** Decoded texts by dictionary code. */
  readonly #texts: string[] = []

  constructor(batch: ParquetBatch, path: readonly string[], interner = new TextInterner()) {
    const leaf = batch.leaves.get(leafKey(path))
    this.#column = leaf?.column
    this.#offsets = leaf?.offsets
    this.#interner = interner
  }

  /** Bytes of a row, or of an element of a repeated leaf. */
  bytes(at: number): Uint8Array | undefined {
    const column = this.#column
    return column === undefined ? undefined : bytesAt(column, at)
  }

  /** True where no text of all rows has anything that the path of a file would be decoded for. */
  get areSpelled(): boolean {
    const column = this.#column
    const values = column?.kind === 'dictionary' ? column.values : column
    return values?.kind === 'bytes' && areSpelled(values.data)
  }

  /** Puts where the bytes of a row lie into `into`; false where it has none. */
  locate(at: number, into: TextAt): boolean {
    const column = this.#column
    if (column === undefined || !isValid(column, at)) return false
    const row = column.kind === 'dictionary' ? column.codes[at]! : at
    const values = column.kind === 'dictionary' ? column.values : column
    if (values.kind !== 'bytes') return false
    into.bytes = values.data
    into.start = values.offsets[row]!
    into.end = values.offsets[row + 1]!
    return true
  }

  text(at: number): string | undefined {
    const column = this.#column
    if (column === undefined || !isValid(column, at)) return undefined
    if (column.kind !== 'dictionary') {
      return column.kind === 'bytes' ? this.#interner.text(readBytes(column, at)) : undefined
    }
    const code = column.codes[at]!
    let text = this.#texts[code]
    if (text === undefined && column.values.kind === 'bytes') {
      text = this.#interner.text(readBytes(column.values, code))
      this.#texts[code] = text
    }
    return text
  }

  /** Elements of a row of a repeated leaf. */
  range(row: number): readonly [start: number, end: number] {
    const offsets = this.#offsets
    return offsets === undefined ? [0, 0] : [offsets[row]!, offsets[row + 1]!]
  }
}

function bytesAt(column: Column, row: number): Uint8Array | undefined {
  if (!isValid(column, row)) return undefined
  if (column.kind === 'bytes') return readBytes(column, row)
  if (column.kind !== 'dictionary' || column.values.kind !== 'bytes') return undefined
  return readBytes(column.values, column.codes[row]!)
}

/** Reads integers and doubles of one leaf; undefined where null or absent. */
export class NumberLeaf {
  readonly #column: Column | undefined

  constructor(batch: ParquetBatch, path: readonly string[]) {
    this.#column = batch.leaves.get(leafKey(path))?.column
  }

  at(row: number): number | undefined {
    const value = this.exact(row)
    return value === undefined ? undefined : Number(value)
  }

  exact(row: number): number | bigint | undefined {
    const column = this.#column
    if (column === undefined || !isValid(column, row)) return undefined
    if (column.kind === 'bytes') return undefined
    if (column.kind !== 'dictionary') return column.values[row]!
    return column.values.kind === 'bytes' ? undefined : column.values.values[column.codes[row]!]!
  }
}
