import {
  DEFAULT_BUDGETS,
  decodeText,
  inSlices,
  type JsonValue,
  type ReadBudgets,
  requireWithin,
  type Steps,
  TableError,
} from '@spillway/core'
import { type ExactJsonOptions, parseExactJson, parseMeasuredJson } from './exact-json.js'
import { JsonSpan } from './json-span.js'

/** An object of so many members that making a plain one of them would hold the thread. Of two of one name the last counts. */
export class LongObject {
  readonly members: readonly (readonly [string, LongJsonValue])[]

  constructor(members: readonly (readonly [string, LongJsonValue])[]) {
    this.members = members
  }
}

/** What a long document parses to: as `JsonValue`, and where whoever reads it said so a `LongObject`. */
export type LongJsonValue = JsonValue | LongObject | readonly LongJsonValue[] | LongJsonObject

export interface LongJsonObject {
  readonly [key: string]: LongJsonValue
}

export interface LongJsonOptions extends ExactJsonOptions {
  /**
   * Of one object, at most: what comes after it is refused before it is read. Whoever looks at members of an object does so at
   * once. `MAX_MEMBERS` and more: what is parsed whole is too short for that many.
   */
  readonly members?: number
  /**
   * Objects right below the document that may have more than `members`, by name, and how many: for whoever looks at them in steps.
   * They are a `LongObject` then.
   */
  readonly longMembers?: Readonly<Record<string, number>>
}

/** Writers name tens of settings, and looking at so many takes milliseconds. */
export const MAX_MEMBERS = 10_000

/** What is parsed at once: a few tenths of a millisecond. */
const PIECE_BYTES = 64 * 1024
/** What is parsed in no time worth asking the clock for, and how many of them are. */
const SHORT_BYTES = 2 * 1024
const SHORT_IN_A_STEP = 64

/**
 * `parseExactJson` for documents in UTF-8 of any length, in slices: what is long is taken apart into its members and items, and those
 * that are short are parsed whole. The same answer and the same refusals; errors name positions in the piece.
 */
export async function parseLongJson(
  bytes: Uint8Array,
  options: LongJsonOptions = {},
): Promise<LongJsonValue> {
  return inSlices(longJsonInSteps(bytes, options))
}

/** `parseLongJson` for work that goes on in steps. */
export function* longJsonInSteps(
  bytes: Uint8Array,
  options: LongJsonOptions = {},
): Steps<LongJsonValue> {
  if (bytes.length <= PIECE_BYTES) return parseExactJson(decodeText(bytes), options)
  return yield* new LongJson(bytes, options).document()
}

/** Characters of a name in errors. */
const LONG_NAME = 100

const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const CLOSE_LIST = 0x5d

class LongJson {
  readonly #bytes: Uint8Array
  readonly #options: LongJsonOptions
  readonly #budgets: ReadBudgets
  readonly #span: JsonSpan
  #values = 0
  #short = 0

  constructor(bytes: Uint8Array, options: LongJsonOptions) {
    this.#bytes = bytes
    this.#options = options
    this.#budgets = options.budgets ?? DEFAULT_BUDGETS
    this.#span = new JsonSpan(bytes)
  }

  *document(): Steps<LongJsonValue> {
    this.#within('documentBytes', this.#bytes.length, 'bytes')
    const value = yield* this.#value(0)
    if (this.#span.skipSpace() < this.#bytes.length) throw this.#unexpected('the end')
    return value
  }

  *#value(depth: number, name?: string): Steps<LongJsonValue> {
    const start = this.#span.skipSpace()
    const { end, values, levels } = this.#span.measure(PIECE_BYTES)
    if (end === undefined && this.#bytes[start] === QUOTE) return yield* this.#text()
    if (end === undefined) {
      this.#within('documentDepth', depth + 1, 'levels')
      return yield* this.#bytes[start] === OPEN_OBJECT
        ? this.#object(depth, name)
        : this.#array(depth)
    }
    this.#count(values)
    this.#within('documentDepth', depth + levels, 'levels')
    const piece = this.#piece(start, end)
    this.#span.at = end
    if (end - start >= SHORT_BYTES || ++this.#short % SHORT_IN_A_STEP === 0) yield
    return piece
  }

  /** A long string, in pieces that are strings themselves. */
  *#text(): Steps<string> {
    this.#count(1)
    this.#span.at++
    let text = ''
    for (;;) {
      const from = this.#span.at
      const end = this.#span.stringPiece(PIECE_BYTES)
      const piece = decodeText(this.#bytes.subarray(from, end))
      text += parseMeasuredJson(`"${piece}"`, this.#options) as string
      this.#span.at = end
      if (end === this.#bytes.length) throw this.#unexpected('a closing quote')
      if (this.#bytes[end] === QUOTE) break
      yield
    }
    this.#span.at++
    return text
  }

  *#object(depth: number, name: string | undefined): Steps<LongJsonValue> {
    this.#count(1)
    const members: [string, LongJsonValue][] = []
    const most = this.#most(depth, name)
    this.#span.at++
    if (this.#closes(CLOSE_OBJECT)) return {}
    for (;;) {
      if (members.length === most) throw this.#tooMany(most, name)
      const start = this.#span.skipSpace()
      if (this.#bytes[start] !== QUOTE) throw this.#unexpected('a key')
      const end = this.#span.stringEnd()
      const key = this.#piece(start, end) as string
      this.#span.at = end
      this.#expect(COLON)
      members.push([key, yield* this.#value(depth + 1, key)])
      // Own properties are defined, so that a key named __proto__ changes no prototype.
      if (this.#closes(CLOSE_OBJECT)) {
        const isLong = members.length > (this.#options.members ?? Infinity)
        return isLong ? new LongObject(members) : Object.fromEntries(members)
      }
      this.#expect(COMMA)
    }
  }

  #most(depth: number, name: string | undefined): number | undefined {
    const { members, longMembers = {} } = this.#options
    const isLong = depth === 1 && name !== undefined && Object.hasOwn(longMembers, name)
    return isLong ? longMembers[name] : members
  }

  *#array(depth: number): Steps<LongJsonValue> {
    this.#count(1)
    const items: LongJsonValue[] = []
    this.#span.at++
    if (this.#closes(CLOSE_LIST)) return items
    for (;;) {
      items.push(yield* this.#value(depth + 1))
      if (this.#closes(CLOSE_LIST)) return items
      this.#expect(COMMA)
    }
  }

  #piece(start: number, end: number): LongJsonValue {
    return parseMeasuredJson(decodeText(this.#bytes.subarray(start, end)), this.#options)
  }

  #closes(bracket: number): boolean {
    if (this.#bytes[this.#span.skipSpace()] !== bracket) return false
    this.#span.at++
    return true
  }

  #expect(mark: number): void {
    if (this.#bytes[this.#span.skipSpace()] !== mark) {
      throw this.#unexpected(`'${String.fromCharCode(mark)}'`)
    }
    this.#span.at++
  }

  #count(values: number): void {
    this.#values += values
    this.#within('documentValues', this.#values, 'values')
  }

  #within(key: keyof ReadBudgets, observed: number, unit: string): void {
    const { path } = this.#options
    requireWithin(this.#budgets, key, { what: 'a document', observed, unit, path })
  }

  #tooMany(most: number, name: string | undefined): TableError {
    const { path } = this.#options
    const what = name === undefined ? 'an object' : JSON.stringify(name.slice(0, LONG_NAME))
    const where = path === undefined ? '' : ` in ${path}`
    return new TableError(
      'UNSUPPORTED_FEATURE',
      `${what}${where} of more than ${most} members: at most ${most} are read`,
      { context: path === undefined ? {} : { path } },
    )
  }

  #unexpected(expected: string): TableError {
    const { path } = this.#options
    const { at } = this.#span
    const byte = this.#bytes[at]
    const found = byte === undefined ? 'the end of the text' : byteText(byte)
    const where = path === undefined ? '' : ` in ${path}`
    return new TableError(
      'TABLE_CORRUPT',
      `expected a JSON document${where}: expected ${expected} at position ${at}, found ${found}`,
      { context: path === undefined ? {} : { path } },
    )
  }
}

function byteText(byte: number): string {
  return byte < 0x80 ? JSON.stringify(String.fromCharCode(byte)) : `a byte 0x${byte.toString(16)}`
}
