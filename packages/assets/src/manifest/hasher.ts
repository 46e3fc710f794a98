import { TableError } from '@spillway/core'

/** SHA-256 of bytes as they come. What `createHash('sha256')` of Node gives is one. */
export interface Hasher {
  update(bytes: Uint8Array): unknown
  /** 32 bytes; asked for once. */
  digest(): Uint8Array | Promise<Uint8Array>
}

export interface HashOptions {
  /**
   * A new SHA-256 for each digest. WebCrypto unless given, which every platform has and which takes all bytes at once: they
   * are held in memory until then.
   */
  readonly newHasher?: (() => Hasher) | undefined
}

export function webHasher(): Hasher {
  const parts: Uint8Array[] = []
  return {
    update: bytes => parts.push(bytes),
    digest: async () => {
      // Pages that were not loaded over TLS have no WebCrypto.
      const { subtle } = globalThis.crypto ?? {}
      if (subtle === undefined) {
        throw new TableError(
          'UNSUPPORTED_FEATURE',
          'this platform has no WebCrypto here: hand in a newHasher, or load the page by https',
        )
      }
      const whole = concatenated(parts)
      return new Uint8Array(await subtle.digest('SHA-256', whole))
    },
  }
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
