import { ByteBuffer } from './byte-buffer.js'
import { isNumberByte, QUOTE } from './json-bytes.js'
import { JsonProblem } from './json-problem.js'
import { JsonScanner } from './json-scanner.js'
import { type LongStrings, shortened } from './long-strings.js'
import type { TextInterner } from './text-interner.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const MINUS = 0x2d
/** What is checked as a whole is checked at once. Maps of writers have tens of values, and a schema is one text. */
const MAX_WHOLE_VALUES = 50_000
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * A forward reader of JSON in UTF-8 bytes that builds nothing it is not asked for: statistics of a million files are
 * scanned for a few numbers, and numbers are handed out as their text, so none is rounded.
 */
export class JsonCursor extends JsonScanner {
  readonly #scratch = new ByteBuffer()
  // The key just read lies here; no view of it is made unless somebody asks.
  #keyBytes: Uint8Array
  #keyStart = 0
  #keyEnd = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    super(bytes, start, end)
    this.#keyBytes = bytes
  }

  /** Tells of strings that need not be gone through again; until `reset`. */
  knows(strings: LongStrings): this {
    this.long = strings.size === 0 ? undefined : strings
    return this
  }

  /** Starts again on another text: a cursor for each of a million would cost more than reading them. */
  reset(bytes: Uint8Array): this {
    this.bytes = bytes
    this.offset = 0
    this.end = bytes.length
    this.long = undefined
    return this
  }

  get position(): number {
    return this.offset
  }

  /** True when only white space is left. */
  atEnd(): boolean {
    this.skipSpace()
    return this.offset >= this.end
  }

  /** Enters an object; false when it is empty, else the cursor stands at the value of its first key. */
  enterObject(): boolean {
    this.expect(0x7b, 'an object')
    if (this.closes(0x7d)) return false
    this.#readKey()
    return true
  }

  /** After a value: false when the object ends, else the cursor stands at the value of the next key. */
  nextKey(): boolean {
    if (this.closes(0x7d)) return false
    this.expect(0x2c, 'a comma or the end of an object')
    this.#readKey()
    return true
  }

  /** Enters an array; false when it is empty. */
  enterArray(): boolean {
    this.expect(0x5b, 'an array')
    return !this.closes(0x5d)
  }

  nextElement(): boolean {
    if (this.closes(0x5d)) return false
    this.expect(0x2c, 'a comma or the end of an array')
    return true
  }

  keyIs(expected: Uint8Array): boolean {
    if (this.#keyEnd - this.#keyStart !== expected.length) return false
    for (let i = 0; i < expected.length; i++) {
      if (this.#keyBytes[this.#keyStart + i] !== expected[i]) return false
    }
    return true
  }

  /** The key through `interner`, which knows most of them. */
  internedKey(interner: TextInterner): string {
    return interner.text(this.#keyBytes, this.#keyStart, this.#keyEnd)
  }

  /** A string through `interner`. */
  readInterned(interner: TextInterner): string {
    if (this.peek() !== QUOTE) throw this.problem('expected a string')
    const start = this.offset + 1
    const end = this.plainEnd(start)
    if (this.bytes[end] !== QUOTE) return interner.text(this.unescape(start, this.#scratch))
    this.offset = end + 1
    return interner.text(this.bytes, start, end)
  }

  keyText(): string {
    return utf8.decode(this.#keyBytes.subarray(this.#keyStart, this.#keyEnd))
  }

  /** Consumes a null and says so; leaves anything else. */
  takeNull(): boolean {
    if (this.peek() !== 0x6e) return false
    this.literal('null')
    return true
  }

  isObject(): boolean {
    return this.peek() === 0x7b
  }

  isString(): boolean {
    return this.peek() === QUOTE
  }

  readBoolean(): boolean {
    if (this.peek() === 0x74) {
      this.literal('true')
      return true
    }
    this.literal('false')
    return false
  }

  /** The text of a number, exactly as written. */
  readNumberText(): string {
    if (!this.isNumber()) throw this.problem('expected a number')
    const start = this.offset
    while (this.offset < this.end && isNumberByte(this.bytes[this.offset]!)) this.offset++
    let text = ''
    for (let i = start; i < this.offset; i++) text += String.fromCharCode(this.bytes[i]!)
    return text
  }

  /** A number as a double: for counts and sizes. */
  readNumber(): number {
    const start = this.offset
    const digits = this.#readDigits()
    if (digits >= 0) return digits
    const text = this.readNumberText()
    if (!NUMBER.test(text)) throw new JsonProblem('expected a number', start)
    return Number(text)
  }

  /** A whole number that a double holds, where it is spelled plainly; else undefined, and nothing is consumed. */
  readSmallInteger(): number | undefined {
    const negative = this.peek() === MINUS
    if (negative) this.offset++
    const digits = this.#readDigits()
    if (digits >= 0) return negative ? -digits : digits
    if (negative) this.offset--
    return undefined
  }

  /** Up to fifteen plain digits without building text; -1, with nothing consumed, for every other spelling. */
  #readDigits(): number {
    this.skipSpace()
    let value = 0
    let at = this.offset
    const limit = Math.min(this.end, at + 15)
    for (; at < limit; at++) {
      const byte = this.bytes[at]!
      if (byte < 0x30 || byte > 0x39) break
      value = value * 10 + (byte - 0x30)
    }
    if (at === this.offset || at >= this.end || isNumberByte(this.bytes[at]!)) return -1
    // No number begins with a zero but zero.
    if (this.bytes[this.offset] === 0x30 && at > this.offset + 1) return -1
    this.offset = at
    return value
  }

  /** A string's UTF-8 bytes: a view of the document, or of `target` where there are escapes to resolve. */
  readStringBytes(target: ByteBuffer = this.#scratch): Uint8Array {
    if (this.peek() !== QUOTE) throw this.problem('expected a string')
    const start = this.offset + 1
    const end = this.plainEnd(start)
    if (this.bytes[end] !== QUOTE) return this.unescape(start, target)
    this.offset = end + 1
    return this.bytes.subarray(start, end)
  }

  readString(): string {
    return utf8.decode(this.readStringBytes())
  }

  /** Steps over one value of any kind and gives its bytes as written. */
  rawValue(): Uint8Array {
    this.skipSpace()
    const start = this.offset
    this.skipValue()
    return this.bytes.subarray(start, this.offset)
  }

  /** The bytes of a value that must be whole, be it of use here or not: damage in it may have taken the name of what was. */
  rawWhole(): Uint8Array {
    this.skipSpace()
    const start = this.offset
    this.skip(MAX_WHOLE_VALUES)
    const raw = this.bytes.subarray(start, this.offset)
    try {
      JSON.parse(shortened(this.bytes, [start, this.offset], this.long))
    } catch {
      throw new JsonProblem('a value that is not JSON', start)
    }
    return raw
  }

  skipWhole(): void {
    const byte = this.peek()
    if (byte === 0x7b || byte === 0x5b) this.rawWhole()
    else this.skipValue()
  }

  skipValue(): void {
    this.skip(Number.POSITIVE_INFINITY)
  }

  #readKey(): void {
    if (this.peek() !== QUOTE) throw this.problem('expected a string')
    const start = this.offset + 1
    const end = this.plainEnd(start)
    if (this.bytes[end] === QUOTE) {
      this.offset = end + 1
      this.#keyBytes = this.bytes
      this.#keyStart = start
      this.#keyEnd = end
    } else {
      this.#keyBytes = this.unescape(start, this.#scratch)
      this.#keyStart = 0
      this.#keyEnd = this.#keyBytes.length
    }
    this.expect(0x3a, 'a colon')
  }
}
