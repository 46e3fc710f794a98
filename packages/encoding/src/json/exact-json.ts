import { type ReadBudgets, TableError } from '@spillway/core'
import { requireJsonWithin } from './json-limits.js'

export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | ExactNumber
  | LongObject
  | JsonArray
  | JsonObject
export type JsonArray = readonly JsonValue[]
export interface JsonObject {
  readonly [key: string]: JsonValue
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

/** An object of so many members that making a plain one of them would hold the thread. Of two of one name the last counts. */
export class LongObject {
  readonly members: readonly (readonly [string, JsonValue])[]

  constructor(members: readonly (readonly [string, JsonValue])[]) {
    this.members = members
  }
}

/**
 * A value of a document, or of Avro data, as JSON for an error or a comparison. `JSON.stringify` has no text for the integers that
 * both read exactly, and throws.
 */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Map) return [...each]
    return typeof each === 'bigint' ? each.toString() : each
  })
  return typeof value === 'bigint' ? value.toString() : (text ?? String(value))
}

export interface ExactJsonOptions {
  /** Named in errors. */
  readonly path?: string
  readonly line?: number
  readonly budgets?: ReadBudgets | undefined
}

/** No number that means anything is longer, and those that are take quadratic time. */
const MAX_NUMBER_LENGTH = 10_000

/** Numbers that might change as doubles: 16 or more digits, or an exponent. Also finds some text; that costs time only. */
const SUSPICIOUS = /(?:^|[:,[\s])-?(?:[\d.]{16,}|[\d.]+[eE])/

/**
 * Parses one JSON document without rounding: integers beyond 2^53 come back as bigint, other numbers that a double
 * would alter as ExactNumber, everything else as `JSON.parse` would. A `__proto__` key is an ordinary key. What is larger or
 * nests deeper than `budgets` allows is refused first, so that recursion on untrusted text ends before the stack does.
 */
export function parseExactJson(text: string, options: ExactJsonOptions = {}): JsonValue {
  requireJsonWithin(text, options)
  return parseMeasuredJson(text, options)
}

/** `parseExactJson` of a text that is known to be within the limits. */
export function parseMeasuredJson(text: string, options: ExactJsonOptions): JsonValue {
  if (SUSPICIOUS.test(text)) return new ExactParser(text, options).document()
  try {
    return JSON.parse(text) as JsonValue
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : 'not JSON', options, cause)
  }
}

function corrupt(reason: string, options: ExactJsonOptions, cause?: unknown): TableError {
  const where = options.path === undefined ? '' : ` in ${options.path}`
  return new TableError('TABLE_CORRUPT', `expected a JSON document${where}: ${reason}`, {
    context: {
      ...(options.path === undefined ? {} : { path: options.path }),
      ...(options.line === undefined ? {} : { line: options.line }),
    },
    cause,
  })
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y

class ExactParser {
  readonly #text: string
  readonly #options: ExactJsonOptions
  #at = 0

  constructor(text: string, options: ExactJsonOptions) {
    this.#text = text
    this.#options = options
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

  #object(): JsonObject {
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

  #array(): JsonArray {
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
    let end = this.#text.indexOf('"', start + 1)
    while (end >= 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1)
    if (end < 0) throw this.#unexpected('a closing quote', this.#text.length - start)
    this.#at = end + 1
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string
    } catch (cause) {
      throw corrupt(`a bad string at position ${start}`, this.#options, cause)
    }
  }

  /** True after an odd number of backslashes. */
  #isEscaped(at: number): boolean {
    let before = at
    while (this.#text[before - 1] === '\\') before--
    return (at - before) % 2 === 1
  }

  #number(): number | bigint | ExactNumber {
    const match = this.#match(NUMBER)
    if (match === undefined) throw this.#unexpected('a value')
    if (match[0].length > MAX_NUMBER_LENGTH) {
      throw corrupt(`a number of ${match[0].length} characters`, this.#options)
    }
    return exactNumber(match[0], match[1] === undefined && match[2] === undefined)
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

  #unexpected(expected: string, offset = 0): TableError {
    const at = this.#at + offset
    const found = at < this.#text.length ? JSON.stringify(this.#text[at]) : 'the end of the text'
    return corrupt(`expected ${expected} at position ${at}, found ${found}`, this.#options)
  }
}

function exactNumber(text: string, integer: boolean): number | bigint | ExactNumber {
  const value = Number(text)
  if (integer) return Number.isSafeInteger(value) ? value : BigInt(text)
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
