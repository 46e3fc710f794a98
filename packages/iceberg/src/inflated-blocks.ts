import type { AvroBlock, AvroFile } from '@spillway/encoding'

/**
 * Uncompressed blocks of manifests within a byte budget, the least recently used leaving first. Loading a manifest,
 * reading bounds of what survives and listing survivors come shortly after each other and want the same blocks.
 */
export class InflatedBlocks {
  readonly #maxBytes: number
  readonly #held = new Map<AvroBlock, Uint8Array>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(file: AvroFile, block: AvroBlock): Uint8Array {
    if (file.codec === 'null') return file.inflate(block)
    const held = this.#held.get(block)
    if (held !== undefined) {
      this.#held.delete(block)
      this.#held.set(block, held)
      return held
    }
    const bytes = file.inflate(block)
    if (bytes.length <= this.#maxBytes) this.#keep(block, bytes)
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
