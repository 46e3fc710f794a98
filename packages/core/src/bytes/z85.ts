import { corrupt } from '../errors/corrupt.js'
import { TableError } from '../errors/errors.js'

const ALPHABET =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
const DIGITS = 85
const CODES = Uint8Array.from(ALPHABET, digit => digit.charCodeAt(0))
/** What a character is worth; `DIGITS` where it is none of the alphabet's. */
const WORTH = new Uint8Array(128).fill(DIGITS)
for (const [digit, code] of CODES.entries()) WORTH[code] = digit

/** What is put together at once. */
const BLOCK_BYTES = 128 * 1024

/**
 * Five characters for each four bytes (ZeroMQ RFC 32), as Delta writes deletion vectors and their file names. `bytes` have a length
 * that four divides; others are `INTERNAL`.
 */
export function z85Encode(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) {
    throw new TableError('INTERNAL', `z85 encodes multiples of 4 bytes, not ${bytes.length}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: string[] = []
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(bytes.length, start + BLOCK_BYTES)
    const codes = new Uint8Array(((end - start) / 4) * 5)
    for (let at = start, to = 0; at < end; at += 4, to += 5) {
      // Numbers below 2^31 divide several times as fast: only the first division is of more.
      const word = view.getUint32(at)
      const high = (word / DIGITS ** 3) | 0
      const low = word - high * DIGITS ** 3
      codes[to] = CODES[(high / DIGITS) | 0]!
      codes[to + 1] = CODES[high % DIGITS]!
      codes[to + 2] = CODES[(low / DIGITS ** 2) | 0]!
      codes[to + 3] = CODES[((low / DIGITS) | 0) % DIGITS]!
      codes[to + 4] = CODES[low % DIGITS]!
    }
    parts.push(ASCII.decode(codes))
  }
  return parts.join('')
}

/** Inverse of `z85Encode`; `TABLE_CORRUPT` for what is no Z85 text. */
export function z85Decode(text: string): Uint8Array {
  if (text.length % 5 !== 0) {
    throw badText(`its length must be a multiple of 5, found ${text.length}`)
  }
  const bytes = new Uint8Array((text.length / 5) * 4)
  const view = new DataView(bytes.buffer)
  for (let at = 0, to = 0; at < text.length; at += 5, to += 4) {
    let value = 0
    for (let i = at; i < at + 5; i++) {
      const digit = WORTH[text.charCodeAt(i)] ?? DIGITS
      if (digit === DIGITS) {
        throw badText(`${JSON.stringify(text[i])} at position ${i} is not in the alphabet`)
      }
      value = value * DIGITS + digit
    }
    if (value > 0xffffffff) throw badText(`the group at position ${at} exceeds 32 bits`)
    view.setUint32(to, value)
  }
  return bytes
}

const ASCII = new TextDecoder()

function badText(reason: string): TableError {
  return corrupt('z85 text', reason)
}
