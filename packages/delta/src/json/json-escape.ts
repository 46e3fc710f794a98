import type { ByteBuffer } from './byte-buffer.js'
import { BACKSLASH, ENDS_PLAIN, QUOTE, SPACE } from './json-bytes.js'
import { controlCharacter, JsonProblem } from './json-problem.js'

const LETTER_U = 0x75

/** The text that a string lies in; nothing at or after `end` is part of it. */
export interface JsonText {
  readonly bytes: Uint8Array
  readonly end: number
}

/** Writes the string that starts at `start` into `target`, escapes resolved; gives where the text goes on behind it. */
export function unescapeString(text: JsonText, start: number, target: ByteBuffer): number {
  target.clear()
  const at = unescapePiece(text, start, target, text.end)
  if (at >= text.end) throw truncated(text)
  return at + 1
}

/**
 * Adds what stands from `start` up to the closing quote to `target`, or up to about `until`; gives where that was: never inside of an
 * escape, and at or after `until` where the string goes on.
 */
export function unescapePiece(
  text: JsonText,
  start: number,
  target: ByteBuffer,
  until: number,
): number {
  const { bytes, end } = text
  let at = start
  while (at < until && bytes[at] !== QUOTE) {
    let plain = at
    while (plain < until && ENDS_PLAIN[bytes[plain]!] === 0) plain++
    if (plain < until && bytes[plain]! < SPACE) throw controlCharacter(plain)
    const out = target.reserve(plain - at + 4)
    let length = target.length
    while (at < plain) out[length++] = bytes[at++]!
    // Texts that hold JSON escape its quotes, and hardly anything else.
    const quoted = at + 1 < end && bytes[at] === BACKSLASH && bytes[at + 1] === QUOTE
    if (quoted) {
      out[length++] = QUOTE
      at += 2
    }
    target.advance(length)
    if (!quoted && at < end && bytes[at] === BACKSLASH) at = simpleEscape(text, at, target)
  }
  return at
}

function simpleEscape(text: JsonText, at: number, target: ByteBuffer): number {
  if (at + 1 >= text.end) throw truncated(text)
  const letter = text.bytes[at + 1]!
  if (letter === LETTER_U) return unicodeEscape(text, at, target)
  const byte = SIMPLE_ESCAPES.get(letter)
  if (byte === undefined) throw new JsonProblem('unknown escape in a string', at)
  target.reserve(1)[target.length] = byte
  target.advance(target.length + 1)
  return at + 2
}

function unicodeEscape(text: JsonText, at: number, target: ByteBuffer): number {
  const unit = hex4(text, at + 2)
  const low = isHighSurrogate(unit) ? lowSurrogate(text, at + 6) : undefined
  // Half a surrogate pair has no UTF-8 form: it is written in its three-byte shape, which no decoder takes for text.
  const point = low === undefined ? unit : 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
  target.advance(writeCodePoint(point, target.reserve(4), target.length))
  return at + (low === undefined ? 6 : 12)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

/** The second half of a pair, where `at` has one. */
function lowSurrogate(text: JsonText, at: number): number | undefined {
  const { bytes, end } = text
  if (at + 1 >= end || bytes[at] !== BACKSLASH || bytes[at + 1] !== LETTER_U) return undefined
  const unit = hex4(text, at + 2)
  return unit >= 0xdc00 && unit < 0xe000 ? unit : undefined
}

function hex4(text: JsonText, at: number): number {
  if (at + 4 > text.end) throw truncated(text)
  let value = 0
  for (let i = at; i < at + 4; i++) {
    const digit = hexDigit(text.bytes[i]!)
    if (digit < 0) throw new JsonProblem('bad \\u escape in a string', at)
    value = value * 16 + digit
  }
  return value
}

function truncated({ end }: JsonText): JsonProblem {
  return new JsonProblem('the text ends in the middle of a value', end, true)
}

const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function writeCodePoint(codePoint: number, out: Uint8Array, at: number): number {
  if (codePoint < 0x80) {
    out[at] = codePoint
    return at + 1
  }
  if (codePoint < 0x800) {
    out[at] = 0xc0 | (codePoint >> 6)
    out[at + 1] = 0x80 | (codePoint & 63)
    return at + 2
  }
  if (codePoint < 0x10000) {
    out[at] = 0xe0 | (codePoint >> 12)
    out[at + 1] = 0x80 | ((codePoint >> 6) & 63)
    out[at + 2] = 0x80 | (codePoint & 63)
    return at + 3
  }
  out[at] = 0xf0 | (codePoint >> 18)
  out[at + 1] = 0x80 | ((codePoint >> 12) & 63)
  out[at + 2] = 0x80 | ((codePoint >> 6) & 63)
  out[at + 3] = 0x80 | (codePoint & 63)
  return at + 4
}
