import { decodeText } from '@spillway/core'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const MAX_ENTRIES = 1 << 16
const MAX_BYTES = 512

/** Decodes short UTF-8 texts that repeat (partition names and values) once each. */
export class TextInterner {
  readonly #buckets = new Map<number, { readonly bytes: Uint8Array; readonly text: string }[]>()
  #entries = 0

  /** The text of `bytes` from `start` to `end`; no view is made of bytes that are known. */
  text(bytes: Uint8Array, start = 0, end = bytes.length): string {
    if (end - start > MAX_BYTES) return decodeText(bytes.subarray(start, end))
    const hash = hashOf(bytes, start, end)
    const bucket = this.#buckets.get(hash)
    if (bucket !== undefined) {
      for (const entry of bucket) if (isSame(entry.bytes, bytes, start, end)) return entry.text
    }
    return this.#remember(bytes.slice(start, end), hash)
  }

  #remember(bytes: Uint8Array, hash: number): string {
    const text = utf8.decode(bytes)
    if (this.#entries >= MAX_ENTRIES) return text
    this.#entries++
    const bucket = this.#buckets.get(hash)
    if (bucket === undefined) this.#buckets.set(hash, [{ bytes, text }])
    else bucket.push({ bytes, text })
    return text
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash
}
