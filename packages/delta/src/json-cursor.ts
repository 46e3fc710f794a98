import { ByteBuffer } from './byte-buffer.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MAX_DEPTH = 512

/** What is wrong with a JSON text, and where. `truncated`: more bytes might have made it right. */
export class JsonProblem extends Error {
  readonly position: number
  readonly truncated: boolean

  constructor(message: string, position: number, truncated = false) {
    super(message)
    this.name = 'JsonProblem'
    this.position = position
    this.truncated = truncated
  }
}

/**
 * A forward reader of JSON in UTF-8 bytes that builds nothing it is not asked for: statistics of a million files are
 * scanned for a few numbers, and numbers are handed out as their text, so none is rounded.
 */
export class JsonCursor {
  readonly #bytes: Uint8Array
  readonly #end: number
  readonly #scratch = new ByteBuffer()
  readonly #closers = new Uint8Array(MAX_DEPTH)
  #position: number
  // The key just read lies here; no view of it is made unless somebody asks.
  #keyBytes: Uint8Array
  #keyStart = 0
  #keyEnd = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
    this.#keyBytes = bytes
  }

  get position(): number {
    return this.#position
  }

  /** True when only white space is left. */
  atEnd(): boolean {
    this.#skipSpace()
    return this.#position >= this.#end
  }

  /** Enters an object; false when it is empty, else the cursor stands at the value of its first key. */
  enterObject(): boolean {
    this.#expect(0x7b, 'an object')
    if (this.#closes(0x7d)) return false
    this.#readKey()
    return true
  }

  /** After a value: false when the object ends, else the cursor stands at the value of the next key. */
  nextKey(): boolean {
    if (this.#closes(0x7d)) return false
    this.#expect(0x2c, 'a comma or the end of an object')
    this.#readKey()
    return true
  }

  /** Enters an array; false when it is empty. */
  enterArray(): boolean {
    this.#expect(0x5b, 'an array')
    return !this.#closes(0x5d)
  }

  nextElement(): boolean {
    if (this.#closes(0x5d)) return false
    this.#expect(0x2c, 'a comma or the end of an array')
    return true
  }

  keyIs(expected: Uint8Array): boolean {
    if (this.#keyEnd - this.#keyStart !== expected.length) return false
    for (let i = 0; i < expected.length; i++) {
      if (this.#keyBytes[this.#keyStart + i] !== expected[i]) return false
    }
    return true
  }

  /** UTF-8 bytes of the key just read; valid until the next key or string. */
  get key(): Uint8Array {
    return this.#keyBytes.subarray(this.#keyStart, this.#keyEnd)
  }

  keyText(): string {
    return utf8.decode(this.key)
  }

  /** Consumes a null and says so; leaves anything else. */
  takeNull(): boolean {
    if (this.#peek() !== 0x6e) return false
    this.#literal('null')
    return true
  }

  isObject(): boolean {
    return this.#peek() === 0x7b
  }

  isString(): boolean {
    return this.#peek() === QUOTE
  }

  isNumber(): boolean {
    const byte = this.#peek()
    return byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
  }

  readBoolean(): boolean {
    if (this.#peek() === 0x74) {
      this.#literal('true')
      return true
    }
    this.#literal('false')
    return false
  }

  /** The text of a number, exactly as written. */
  readNumberText(): string {
    if (!this.isNumber()) throw this.#problem('expected a number')
    const start = this.#position
    while (this.#position < this.#end && isNumberByte(this.#bytes[this.#position]!))
      this.#position++
    let text = ''
    for (let i = start; i < this.#position; i++) text += String.fromCharCode(this.#bytes[i]!)
    return text
  }

  /** A number as a double: for counts and sizes. */
  readNumber(): number {
    const start = this.#position
    const digits = this.#readDigits()
    if (digits >= 0) return digits
    const value = Number(this.readNumberText())
    if (Number.isNaN(value)) throw new JsonProblem('expected a number', start)
    return value
  }

  /** Up to fifteen plain digits without building text; -1, with nothing consumed, for every other spelling. */
  #readDigits(): number {
    this.#skipSpace()
    let value = 0
    let at = this.#position
    const limit = Math.min(this.#end, at + 15)
    for (; at < limit; at++) {
      const byte = this.#bytes[at]!
      if (byte < 0x30 || byte > 0x39) break
      value = value * 10 + (byte - 0x30)
    }
    if (at === this.#position || at >= this.#end || isNumberByte(this.#bytes[at]!)) return -1
    this.#position = at
    return value
  }

  /** A string's UTF-8 bytes: a view of the document, or of `target` where there are escapes to resolve. */
  readStringBytes(target: ByteBuffer = this.#scratch): Uint8Array {
    if (this.#peek() !== QUOTE) throw this.#problem('expected a string')
    const start = this.#position + 1
    const end = this.#plainEnd(start)
    if (this.#bytes[end] !== QUOTE) return this.#unescape(start, target)
    this.#position = end + 1
    return this.#bytes.subarray(start, end)
  }

  readString(): string {
    return utf8.decode(this.readStringBytes())
  }

  /** Steps over one value of any kind and gives its bytes as written. */
  rawValue(): Uint8Array {
    this.#skipSpace()
    const start = this.#position
    this.skipValue()
    return this.#bytes.subarray(start, this.#position)
  }

  skipValue(): void {
    let depth = 0
    do {
      const byte = this.#peek()
      if (byte === QUOTE) this.#skipString()
      else if (byte === 0x7b || byte === 0x5b) {
        if (depth >= MAX_DEPTH) throw this.#problem(`more than ${MAX_DEPTH} levels deep`)
        this.#closers[depth++] = byte + 2
        this.#position++
      } else if (byte === 0x7d || byte === 0x5d) {
        if (depth === 0 || this.#closers[--depth] !== byte)
          throw this.#problem('unbalanced brackets')
        this.#position++
      } else if (depth > 0 && (byte === 0x2c || byte === 0x3a)) this.#position++
      else this.#skipScalar(byte)
    } while (depth > 0)
  }

  #skipScalar(byte: number): void {
    if (byte === 0x6e) this.#literal('null')
    else if (byte === 0x74) this.#literal('true')
    else if (byte === 0x66) this.#literal('false')
    else if (this.isNumber()) {
      while (this.#position < this.#end && isNumberByte(this.#bytes[this.#position]!))
        this.#position++
    } else throw this.#problem('expected a value')
  }

  #skipString(): void {
    const bytes = this.#bytes
    let at = this.#position + 1
    while (at < this.#end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
    if (at >= this.#end) throw this.#truncated(at)
    this.#position = at + 1
  }

  /** Kept: everything from `start` up to the closing quote, escapes resolved. */
  #unescape(start: number, target: ByteBuffer): Uint8Array {
    const bytes = this.#bytes
    target.clear()
    let at = start
    while (at < this.#end && bytes[at] !== QUOTE) {
      let plain = at
      while (plain < this.#end && bytes[plain] !== QUOTE && bytes[plain] !== BACKSLASH) plain++
      const out = target.reserve(plain - at + 4)
      let length = target.length
      while (at < plain) out[length++] = bytes[at++]!
      target.advance(length)
      if (at < this.#end && bytes[at] === BACKSLASH) at = this.#escape(at, target)
    }
    if (at >= this.#end) throw this.#truncated(at)
    this.#position = at + 1
    return target.view()
  }

  #escape(at: number, target: ByteBuffer): number {
    if (at + 1 >= this.#end) throw this.#truncated(at)
    const letter = this.#bytes[at + 1]!
    if (letter === 0x75) return this.#unicodeEscape(at, target)
    const byte = SIMPLE_ESCAPES.get(letter)
    if (byte === undefined) throw new JsonProblem('unknown escape in a string', at)
    target.reserve(1)[target.length] = byte
    target.advance(target.length + 1)
    return at + 2
  }

  #unicodeEscape(at: number, target: ByteBuffer): number {
    const unit = this.#hex4(at + 2)
    let codePoint = unit
    let next = at + 6
    if (
      unit >= 0xd800 &&
      unit < 0xdc00 &&
      this.#bytes[next] === BACKSLASH &&
      this.#bytes[next + 1] === 0x75
    ) {
      const low = this.#hex4(next + 2)
      if (low >= 0xdc00 && low < 0xe000) {
        codePoint = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
        next += 6
      }
    }
    // Half a surrogate pair has no UTF-8 form: it is written in its three-byte shape, which no decoder takes for text.
    target.advance(writeCodePoint(codePoint, target.reserve(4), target.length))
    return next
  }

  #hex4(at: number): number {
    if (at + 4 > this.#end) throw this.#truncated(at)
    let value = 0
    for (let i = at; i < at + 4; i++) {
      const digit = hexDigit(this.#bytes[i]!)
      if (digit < 0) throw new JsonProblem('bad \\u escape in a string', at)
      value = value * 16 + digit
    }
    return value
  }

  #readKey(): void {
    if (this.#peek() !== QUOTE) throw this.#problem('expected a string')
    const start = this.#position + 1
    const end = this.#plainEnd(start)
    if (this.#bytes[end] === QUOTE) {
      this.#position = end + 1
      this.#keyBytes = this.#bytes
      this.#keyStart = start
      this.#keyEnd = end
    } else {
      this.#keyBytes = this.#unescape(start, this.#scratch)
      this.#keyStart = 0
      this.#keyEnd = this.#keyBytes.length
    }
    this.#expect(0x3a, 'a colon')
  }

  /** Where the string that starts at `start` ends or has its first escape. */
  #plainEnd(start: number): number {
    const bytes = this.#bytes
    let at = start
    while (at < this.#end && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++
    if (at >= this.#end) throw this.#truncated(at)
    return at
  }

  #closes(byte: number): boolean {
    if (this.#peek() !== byte) return false
    this.#position++
    return true
  }

  #expect(byte: number, what: string): void {
    if (this.#peek() !== byte) throw this.#problem(`expected ${what}`)
    this.#position++
  }

  #literal(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (this.#position + i >= this.#end) throw this.#truncated(this.#position)
      if (this.#bytes[this.#position + i] !== text.charCodeAt(i))
        throw this.#problem(`expected ${text}`)
    }
    this.#position += text.length
  }

  #peek(): number {
    this.#skipSpace()
    if (this.#position >= this.#end) throw this.#truncated(this.#position)
    return this.#bytes[this.#position]!
  }

  #skipSpace(): void {
    while (this.#position < this.#end && isSpace(this.#bytes[this.#position]!)) this.#position++
  }

  #truncated(at: number): JsonProblem {
    return new JsonProblem('the text ends in the middle of a value', Math.min(at, this.#end), true)
  }

  #problem(message: string): JsonProblem {
    return new JsonProblem(message, this.#position)
  }
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

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2e ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x65 ||
    byte === 0x45
  )
}

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
