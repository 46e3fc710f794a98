import { closingQuote, measureJson } from './measure-json.js'

/** A JSON value. Integers beyond 2^53 are bigint; ExactNumber is what `parseJsonExactly` alone gives. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | ExactNumber
  | readonly JsonValue[]
  | JsonObject

export interface JsonObject {
  readonly [key: string]: JsonValue
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  if (typeof value !== 'object' || value === null) return false
  return !Array.isArray(value) && !(value instanceof ExactNumber)
}

/** A JSON number with a fraction or an exponent that no double equals: its text, unrounded. */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toJSON(): number {
    return Number(this.text)
  }
}

const LONG_INTEGER = /[0-9]{16}/

/** True where a run of digits in `text` is so long that a double may not hold it. Also finds some text. */
export function hasLongInteger(text: string): boolean {
  return LONG_INTEGER.test(text)
}

/** Integers that might change as doubles. Also finds some text; that costs time only. */
const SUSPICIOUS_INTEGER = /(?:^|[:,[\s])-?\d{16}/

/**
 * `JSON.parse`, except that integers which a double would alter come back as bigint; one of more than 40 digits is the double
 * that JSON makes of it. A `__proto__` key is an ordinary key. Throws SyntaxError; of what is too deep or too much
 * `JsonBoundError`, before it is parsed: every level and every value costs tens of bytes, however few it is written in.
 */
export function parseJson(text: string): JsonValue {
  requireBoundedJson(text)
  if (!SUSPICIOUS_INTEGER.test(text)) return JSON.parse(text) as JsonValue
  return new ExactParser(text, roundedNumber).document() as JsonValue
}

/** No text so short nests deeper than the stack goes. */
const SHORT_TEXT = 4096
const MAX_LEVELS = 1000
const MAX_VALUES = 16 * 1024 * 1024

/** JSON beyond what is parsed of a stranger's. */
export class JsonBoundError extends SyntaxError {}

/** Throws `JsonBoundError` of a text that nests too deep, or holds too much, to be parsed. */
export function requireBoundedJson(text: string): void {
  if (text.length <= SHORT_TEXT) return
  const { levels, values } = measureJson(text)
  if (levels > MAX_LEVELS) throw new JsonBoundError(`it nests deeper than ${MAX_LEVELS} levels`)
  if (values > MAX_VALUES) throw new JsonBoundError(`it holds more than ${MAX_VALUES} values`)
}

/** Numbers that might change as doubles: 16 or more digits, or an exponent. Also finds some text; that costs time only. */
const SUSPICIOUS_NUMBER = /(?:^|[:,[\s])-?(?:[\d.]{16,}|[\d.]+[eE])/

/**
 * `parseJson` that rounds no number: what a double would alter and is no integer comes back as ExactNumber. Numbers of more than
 * 10,000 characters are refused. Throws SyntaxError.
 */
export function parseJsonExactly(text: string): JsonValue {
  if (!SUSPICIOUS_NUMBER.test(text)) return JSON.parse(text) as JsonValue
  return new ExactParser(text, exactNumber).document()
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y

/** What `JSON.parse` was not asked about: its own refusals are plain SyntaxErrors. */
export class ExactJsonError extends SyntaxError {}

type NumberValue = number | bigint | ExactNumber
type ReadNumber = (text: string, isInteger: boolean) => NumberValue

/** Refuses what `JSON.parse` refuses, and says what it expected and where. */
class ExactParser {
  readonly #text: string
  readonly #readNumber: ReadNumber
  #at = 0

  constructor(text: string, readNumber: ReadNumber) {
    this.#text = text
    this.#readNumber = readNumber
  }

  document(): JsonValue {
    const value = this.#value()
    this.#skipSpace()
    if (this.#at !== this.#text.length) throw this.#unexpected('the end')
    return value
  }

  #value(): JsonValue {
    this.#skipSpace()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #object(): JsonValue {
    const members: [string, JsonValue][] = []
    this.#at++
    this.#skipSpace()
    if (this.#text[this.#at] === '}') return this.#close({})
    for (;;) {
      this.#skipSpace()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a key')
      const key = this.#string()
      this.#skipSpace()
      if (this.#text[this.#at++] !== ':') throw this.#unexpected("':'", -1)
      members.push([key, this.#value()])
      this.#skipSpace()
      const next = this.#text[this.#at]
      // fromEntries defines own properties, so that a key named __proto__ changes no prototype.
      if (next === '}') return this.#close(Object.fromEntries(members))
      if (next !== ',') throw this.#unexpected("',' or '}'")
      this.#at++
    }
  }

  #array(): JsonValue {
    const items: JsonValue[] = []
    this.#at++
    this.#skipSpace()
    if (this.#text[this.#at] === ']') return this.#close(items)
    for (;;) {
      items.push(this.#value())
      this.#skipSpace()
      const next = this.#text[this.#at]
      if (next === ']') return this.#close(items)
      if (next !== ',') throw this.#unexpected("',' or ']'")
      this.#at++
    }
  }

  #string(): string {
    const start = this.#at
    const end = closingQuote(this.#text, start)
    if (end < 0) throw this.#unexpected('a closing quote', this.#text.length - start)
    this.#at = end + 1
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string
    } catch (cause) {
      throw new ExactJsonError(`a bad string at position ${start}`, { cause })
    }
  }

  #number(): NumberValue {
    const match = this.#match(NUMBER)
    if (match === undefined) throw this.#unexpected('a value')
    return this.#readNumber(match[0], match[1] === undefined && match[2] === undefined)
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected(word)
    this.#at += word.length
    return value
  }

  #close<T>(value: T): T {
    this.#at++
    return value
  }

  #skipSpace(): void {
    this.#match(SPACE)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text) ?? undefined
    if (match !== undefined) this.#at = pattern.lastIndex
    return match
  }

  #unexpected(expected: string, offset = 0): SyntaxError {
    const at = this.#at + offset
    const found = at < this.#text.length ? JSON.stringify(this.#text[at]) : 'the end of the text'
    return new ExactJsonError(`expected ${expected} at position ${at}, found ${found}`)
  }
}

/** No wider type has more digits; a longer run stays the double that JSON makes of it, since its digits cost time. */
const MAX_DIGITS = 40

function roundedNumber(text: string, isInteger: boolean): number | bigint {
  const value = Number(text)
  if (!isInteger || Number.isSafeInteger(value)) return value
  return text.length - (text[0] === '-' ? 1 : 0) > MAX_DIGITS ? value : BigInt(text)
}

/** No number that means anything is longer, and those that are take quadratic time. */
const MAX_NUMBER_LENGTH = 10_000

function exactNumber(text: string, isInteger: boolean): NumberValue {
  if (text.length > MAX_NUMBER_LENGTH) {
    throw new ExactJsonError(`a number of ${text.length} characters`)
  }
  const value = Number(text)
  if (isInteger) return Number.isSafeInteger(value) ? value : BigInt(text)
  return Number.isFinite(value) && normalise(String(value)) === normalise(text)
    ? value
    : new ExactNumber(text)
}

/** Sign, digits without outer zeros, and the power of ten of the last of them: equal for equal decimals. */
function normalise(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)!
  const fraction = match[3] ?? ''
  const digits = (match[2]! + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const exponent = BigInt(match[4] ?? 0) - BigInt(fraction.length)
  return `${match[1]}${significant}e${exponent + BigInt(digits.length - significant.length)}`
}
