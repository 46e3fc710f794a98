import { TableError } from '@spillway/core'
import { type AvroObject, type AvroType, readAvroValue } from '@spillway/encoding'

/** The distinct partition tuples of a manifest, as its entries' bytes: a million files share a few of them. */
export class TupleTable {
  readonly #codes = new Map<string, number>()
  readonly #encoded: Uint8Array[] = []
  #lastCode = -1

  get size(): number {
    return this.#encoded.length
  }

  get byteLength(): number {
    return this.#encoded.reduce((sum, bytes) => sum + 2 * bytes.length + 100, 0)
  }

  /** The number of the tuple encoded in `bytes` from `start` to `end`. */
  codeOf(bytes: Uint8Array, start: number, end: number): number {
    if (this.#lastCode >= 0 && isSame(this.#encoded[this.#lastCode]!, bytes, start, end)) {
      return this.#lastCode
    }
    const slice = bytes.slice(start, end)
    const key = String.fromCharCode(...slice)
    let code = this.#codes.get(key)
    if (code === undefined) {
      code = this.#encoded.length
      this.#codes.set(key, code)
      this.#encoded.push(slice)
    }
    this.#lastCode = code
    return code
  }

  /** Tuple `code` under the type the manifest gives it; null, which some writers put for no partition, is empty. */
  decode(code: number, type: AvroType): AvroObject {
    const bytes = this.#encoded[code]!
    const { value, end } = readAvroValue(type, bytes)
    if (end !== bytes.length) throw new TableError('TABLE_CORRUPT', 'a partition tuple ends early')
    return value === null ? {} : (value as AvroObject)
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
