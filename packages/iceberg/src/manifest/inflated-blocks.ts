import type { AvroBlock, AvroFile } from '@spillway/encoding'

/**
 * Uncompressed blocks of manifests within a byte budget, the least recently used leaving first. Loading a manifest,
 * reading bounds of what survives and listing survivors come shortly after each other and want the same blocks. A block
 * that is larger than the budget is found again for as long as the collector of garbage leaves it: bounds are read a
 * batch of rows at a time, and each would inflate all of it anew.
 */
export class InflatedBlocks {
  readonly #maxBytes: number
  readonly #held = new Map<AvroBlock, Uint8Array>()
  #bytes = 0
  readonly #large = new WeakMap<AvroBlock, WeakRef<Uint8Array>>()

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(file: AvroFile, block: AvroBlock): Uint8Array {
    if (file.codec === 'null') return file.inflate(block)
    const held = this.#held.get(block) ?? this.#large.get(block)?.deref()
    if (held === undefined) return this.#inflate(file, block)
    if (this.#held.delete(block)) this.#held.set(block, held)
    return held
  }

  /** The bytes of a block, as `get` gives them; a long one is inflated while others go on. */
  getLater(file: AvroFile, block: AvroBlock): Promise<Uint8Array> | Uint8Array {
    if (this.#held.has(block) || this.#large.get(block)?.deref()) return this.get(file, block)
    const bytes = file.inflateLater(block)
    if (bytes instanceof Uint8Array) return this.#hold(file, block, bytes)
    return bytes.then(whole => this.#hold(file, block, whole))
  }

  #inflate(file: AvroFile, block: AvroBlock): Uint8Array {
    return this.#hold(file, block, file.inflate(block))
  }

  #hold(file: AvroFile, block: AvroBlock, bytes: Uint8Array): Uint8Array {
    if (file.codec === 'null' || this.#held.has(block)) return bytes
    if (bytes.length > this.#maxBytes) this.#large.set(block, new WeakRef(bytes))
    else this.#keep(block, bytes)
    return bytes
  }

  #keep(block: AvroBlock, bytes: Uint8Array): void {
    this.#held.set(block, bytes)
    this.#bytes += bytes.length
    for (const [oldest, { length }] of this.#held) {
      if (this.#bytes <= this.#maxBytes) return
      this.#held.delete(oldest)
      this.#bytes -= length
    }
  }
}
