const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const MAX_ENTRIES = 1 << 16
const MAX_BYTES = 512

/** Decodes short UTF-8 texts that repeat (partition names and values) once each. */
export class TextInterner {
  readonly #buckets = new Map<number, { readonly bytes: Uint8Array; readonly text: string }[]>()
  #entries = 0

  text(bytes: Uint8Array): string {
    if (bytes.length > MAX_BYTES) return utf8.decode(bytes)
    const hash = hashOf(bytes)
    const bucket = this.#buckets.get(hash)
    for (const entry of bucket ?? []) if (sameBytes(entry.bytes, bytes)) return entry.text
    const text = utf8.decode(bytes)
    if (this.#entries >= MAX_ENTRIES) return text
    this.#entries++
    const entry = { bytes: bytes.slice(), text }
    if (bucket === undefined) this.#buckets.set(hash, [entry])
    else bucket.push(entry)
    return text
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash
}
