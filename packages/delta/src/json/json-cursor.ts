import { TableError } from '@spillway/core'
import { ByteBuffer } from './byte-buffer.js'
import { BACKSLASH, ENDS_PLAIN, isNumberByte, isSpace, QUOTE, SPACE } from './json-bytes.js'
import { unescapeString } from './json-escape.js'
import { controlCharacter, JsonProblem } from './json-problem.js'
import { type LongStrings, shortened } from './long-strings.js'
import type { TextInterner } from './text-interner.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const MINUS = 0x2d
/** What is checked as a whole is checked at once. Maps of writers have tens of values, and a schema is one text. */
const MAX_WHOLE_VALUES = 50_000
const COMMA = 0x2c
const MAX_DEPTH = 512
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * A forward reader of JSON in UTF-8 bytes that builds nothing it is not asked for: statistics of a million files are
 * scanned for a few numbers, and numbers are handed out as their text, so none is rounded.
 */
export class JsonCursor {
  #bytes: Uint8Array
  #end: number
  readonly #scratch = new ByteBuffer()
  readonly #closers = new Uint8Array(MAX_DEPTH)
  #position: number
  // The key just read lies here; no view of it is made unless somebody asks.
  #keyBytes: Uint8Array
  #keyStart = 0
  #keyEnd = 0
  #long: LongStrings | undefined

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
    this.#keyBytes = bytes
  }

  /** Tells of strings that need not be gone through again; until `reset`. */
  knows(strings: LongStrings): this {
    this.#long = strings.size === 0 ? undefined : strings
    return this
  }

  /** Starts again on another text: a cursor for each of a million would cost more than reading them. */
  reset(bytes: Uint8Array): this {
    this.#bytes = bytes
    this.#position = 0
    this.#end = bytes.length
    this.#long = undefined
    return this
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

  /** The key through `interner`, which knows most of them. */
  internedKey(interner: TextInterner): string {
    return interner.text(this.#keyBytes, this.#keyStart, this.#keyEnd)
  }

  /** A string through `interner`. */
  readInterned(interner: TextInterner): string {
    if (this.#peek() !== QUOTE) throw this.#problem('expected a string')
    const start = this.#position + 1
    const end = this.#plainEnd(start)
    if (this.#bytes[end] !== QUOTE) return interner.text(this.#unescape(start, this.#scratch))
    this.#position = end + 1
    return interner.text(this.#bytes, start, end)
  }

  keyText(): string {
    return utf8.decode(this.#keyBytes.subarray(this.#keyStart, this.#keyEnd))
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
    const text = this.readNumberText()
    if (!NUMBER.test(text)) throw new JsonProblem('expected a number', start)
    return Number(text)
  }

  /** A whole number that a double holds, where it is spelled plainly; else undefined, and nothing is consumed. */
  readSmallInteger(): number | undefined {
    const negative = this.#peek() === MINUS
    if (negative) this.#position++
    const digits = this.#readDigits()
    if (digits >= 0) return negative ? -digits : digits
    if (negative) this.#position--
    return undefined
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
    // No number begins with a zero but zero.
    if (this.#bytes[this.#position] === 0x30 && at > this.#position + 1) return -1
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

  /** The same of a value that must be whole, be it of use here or not: damage in it may have taken the name of what was. */
  rawWhole(): Uint8Array {
    this.#skipSpace()
    const start = this.#position
    this.#skip(MAX_WHOLE_VALUES)
    const raw = this.#bytes.subarray(start, this.#position)
    try {
      JSON.parse(shortened(this.#bytes, [start, this.#position], this.#long))
    } catch {
      throw new JsonProblem('a value that is not JSON', start)
    }
    return raw
  }

  skipWhole(): void {
    const byte = this.#peek()
    if (byte === 0x7b || byte === 0x5b) this.rawWhole()
    else this.skipValue()
  }

  skipValue(): void {
    this.#skip(Number.POSITIVE_INFINITY)
  }

  #skip(mostValues: number): void {
    const byte = this.#peek()
    if (byte === QUOTE) this.#position = this.#stringEnd(this.#position + 1)
    else if (byte === 0x7b || byte === 0x5b) this.#skipNested(mostValues)
    else this.#skipScalar(byte)
  }

  /** Of what nobody asked for, only strings and brackets matter. */
  #skipNested(mostValues: number): void {
    const bytes = this.#bytes
    let commas = 0
    let depth = 0
    let at = this.#position
    do {
      const byte = bytes[at++]
      if (byte === QUOTE) at = this.#stringEnd(at)
      else if (byte === 0x7b || byte === 0x5b) {
        if (depth >= MAX_DEPTH) throw this.#problem(`more than ${MAX_DEPTH} levels deep`)
        this.#closers[depth++] = byte + 2
      } else if (byte === 0x7d || byte === 0x5d) {
        if (this.#closers[--depth] !== byte) throw this.#problem('unbalanced brackets')
      } else if (byte === COMMA) {
        if (++commas >= mostValues) throw tooManyValues(mostValues)
      } else if (at >= this.#end) throw this.#truncated(at)
    } while (depth > 0)
    if (at > this.#end) throw this.#truncated(at)
    this.#position = at
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

  /** Behind the closing quote of the string that starts at `at`. */
  #stringEnd(at: number): number {
    const bytes = this.#bytes
    const end = this.#end
    const long = this.#long?.get(at)
    if (long !== undefined) {
      if (long.end === undefined) throw this.#truncated(end)
      return long.end
    }
    let next = at
    for (;;) {
      while (next < end && ENDS_PLAIN[bytes[next]!] === 0) next++
      if (next >= end) throw this.#truncated(next)
      if (bytes[next] === QUOTE) return next + 1
      if (bytes[next] !== BACKSLASH) throw controlCharacter(next)
      next += 2
    }
  }

  #unescape(start: number, target: ByteBuffer): Uint8Array {
    const long = this.#long?.get(start)
    if (long?.end !== undefined) {
      this.#position = long.end
      return long.text
    }
    this.#position = unescapeString({ bytes: this.#bytes, end: this.#end }, start, target)
    return target.view()
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
    const long = this.#long?.get(start)
    if (long !== undefined) {
      if (long.end === undefined) throw this.#truncated(this.#end)
      return long.plainEnd
    }
    const bytes = this.#bytes
    let at = start
    while (at < this.#end && ENDS_PLAIN[bytes[at]!] === 0) at++
    if (at >= this.#end) throw this.#truncated(at)
    if (bytes[at]! < SPACE) throw controlCharacter(at)
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
    if (this.#position < this.#end) {
      const byte = this.#bytes[this.#position]!
      if (byte > 0x20) return byte
    }
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

function tooManyValues(most: number): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `an action of more than ${most} values beside those of files: at most ${most} are read`,
  )
}
