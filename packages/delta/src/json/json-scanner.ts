import { TableError } from '@spillway/core'
import type { ByteBuffer } from './byte-buffer.js'
import { BACKSLASH, ENDS_PLAIN, isNumberByte, isSpace, QUOTE, SPACE } from './json-bytes.js'
import { unescapeString } from './json-escape.js'
import { controlCharacter, JsonProblem } from './json-problem.js'
import type { LongStrings } from './long-strings.js'

const COMMA = 0x2c
const MAX_DEPTH = 512

/**
 * A place in JSON text, and the steps from it over what nobody asked for: white space, strings, whole values. A class that others
 * extend, since what stands in it is read at every byte.
 */
export class JsonScanner {
  protected bytes: Uint8Array
  protected end: number
  /** The next byte to be looked at. */
  protected offset: number
  protected long: LongStrings | undefined
  readonly #closers = new Uint8Array(MAX_DEPTH)

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.offset = start
    this.end = end
  }

  isNumber(): boolean {
    const byte = this.peek()
    return byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
  }

  /** Steps over a value; one of more than `mostValues` values is refused. */
  protected skip(mostValues: number): void {
    const byte = this.peek()
    if (byte === QUOTE) this.offset = this.#stringEnd(this.offset + 1)
    else if (byte === 0x7b || byte === 0x5b) this.#skipNested(mostValues)
    else this.#skipScalar(byte)
  }

  /** Objects and arrays: of what nobody asked for, only strings and brackets matter. */
  #skipNested(mostValues: number): void {
    const bytes = this.bytes
    let commas = 0
    let depth = 0
    let at = this.offset
    do {
      const byte = bytes[at++]
      if (byte === QUOTE) at = this.#stringEnd(at)
      else if (byte === 0x7b || byte === 0x5b) {
        if (depth >= MAX_DEPTH) throw this.problem(`more than ${MAX_DEPTH} levels deep`)
        this.#closers[depth++] = byte + 2
      } else if (byte === 0x7d || byte === 0x5d) {
        if (this.#closers[--depth] !== byte) throw this.problem('unbalanced brackets')
      } else if (byte === COMMA) {
        if (++commas >= mostValues) throw tooManyValues(mostValues)
      } else if (at >= this.end) throw this.truncated(at)
    } while (depth > 0)
    if (at > this.end) throw this.truncated(at)
    this.offset = at
  }

  #skipScalar(byte: number): void {
    if (byte === 0x6e) this.literal('null')
    else if (byte === 0x74) this.literal('true')
    else if (byte === 0x66) this.literal('false')
    else if (this.isNumber()) {
      while (this.offset < this.end && isNumberByte(this.bytes[this.offset]!)) this.offset++
    } else throw this.problem('expected a value')
  }

  /** Behind the closing quote of the string that starts at `at`. */
  #stringEnd(at: number): number {
    const bytes = this.bytes
    const end = this.end
    const long = this.long?.get(at)
    if (long !== undefined) {
      if (long.end === undefined) throw this.truncated(end)
      return long.end
    }
    let next = at
    for (;;) {
      while (next < end && ENDS_PLAIN[bytes[next]!] === 0) next++
      if (next >= end) throw this.truncated(next)
      if (bytes[next] === QUOTE) return next + 1
      if (bytes[next] !== BACKSLASH) throw controlCharacter(next)
      next += 2
    }
  }

  /** The bytes of the string that starts at `start`, escapes resolved into `target`. */
  protected unescape(start: number, target: ByteBuffer): Uint8Array {
    const long = this.long?.get(start)
    if (long?.end !== undefined) {
      this.offset = long.end
      return long.text
    }
    this.offset = unescapeString({ bytes: this.bytes, end: this.end }, start, target)
    return target.view()
  }

  /** Where the string that starts at `start` ends or has its first escape. */
  protected plainEnd(start: number): number {
    const long = this.long?.get(start)
    if (long !== undefined) {
      if (long.end === undefined) throw this.truncated(this.end)
      return long.plainEnd
    }
    const bytes = this.bytes
    let at = start
    while (at < this.end && ENDS_PLAIN[bytes[at]!] === 0) at++
    if (at >= this.end) throw this.truncated(at)
    if (bytes[at]! < SPACE) throw controlCharacter(at)
    return at
  }

  protected closes(byte: number): boolean {
    if (this.peek() !== byte) return false
    this.offset++
    return true
  }

  protected expect(byte: number, what: string): void {
    if (this.peek() !== byte) throw this.problem(`expected ${what}`)
    this.offset++
  }

  protected literal(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (this.offset + i >= this.end) throw this.truncated(this.offset)
      if (this.bytes[this.offset + i] !== text.charCodeAt(i)) throw this.problem(`expected ${text}`)
    }
    this.offset += text.length
  }

  protected peek(): number {
    if (this.offset < this.end) {
      const byte = this.bytes[this.offset]!
      if (byte > 0x20) return byte
    }
    this.skipSpace()
    if (this.offset >= this.end) throw this.truncated(this.offset)
    return this.bytes[this.offset]!
  }

  protected skipSpace(): void {
    while (this.offset < this.end && isSpace(this.bytes[this.offset]!)) this.offset++
  }

  protected truncated(at: number): JsonProblem {
    return new JsonProblem('the text ends in the middle of a value', Math.min(at, this.end), true)
  }

  protected problem(message: string): JsonProblem {
    return new JsonProblem(message, this.offset)
  }
}

function tooManyValues(most: number): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `an action of more than ${most} values beside those of files: at most ${most} are read`,
  )
}
