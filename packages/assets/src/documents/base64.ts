const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** The six bits of a character by its unit, or 255. */
const BITS = new Uint8Array(128).fill(255)
for (const [bits, character] of [...ALPHABET].entries()) BITS[character.charCodeAt(0)] = bits
const PADDING = 0x3d

/**
 * The bytes of base64 as RFC 4648 has it, with its padding; undefined for any other spelling of them. What platforms have
 * for it skips spaces, and patterns have no stack for texts of many megabytes.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let written = 0
  for (let at = 0; at < text.length; at += 4) {
    const isLast = at + 4 === text.length
    let word = 0
    for (let i = 0; i < 4; i++) {
      const unit = text.charCodeAt(at + i)
      const isPadding = isLast && i >= 4 - padding && unit === PADDING
      const bits = isPadding ? 0 : (BITS[unit] ?? 255)
      if (bits === 255) return undefined
      word = (word << 6) | bits
    }
    for (let shift = 16; shift >= 0 && written < bytes.length; shift -= 8) {
      bytes[written++] = (word >> shift) & 0xff
    }
    // What is left of the last character stands for nothing.
    if (isLast && padding > 0 && (word & ((1 << (8 * padding)) - 1)) !== 0) return undefined
  }
  return bytes
}
