import { DEFAULT_BUDGETS, type ReadBudgets, requireWithin, TableError } from '@spillway/core'
import {
  type ExactJsonOptions,
  type JsonValue,
  parseExactJson,
  parseMeasuredJson,
} from './exact-json.js'
import { JsonSpan } from './json-span.js'
import { Slices } from './slices.js'

/** What is parsed at once: a few tenths of a millisecond. */
const PIECE_CHARACTERS = 64 * 1024

/**
 * `parseExactJson` for documents of any length, in slices: what is long is taken apart into its members and items, and those
 * that are short are parsed whole. The same answer and the same refusals; errors name positions in the piece.
 */
export async function parseLongJson(
  text: string,
  options: ExactJsonOptions = {},
): Promise<JsonValue> {
  if (text.length <= PIECE_CHARACTERS) return parseExactJson(text, options)
  return new LongJson(text, options).document()
}

class LongJson {
  readonly #text: string
  readonly #options: ExactJsonOptions
  readonly #budgets: ReadBudgets
  readonly #span: JsonSpan
  readonly #slices = new Slices()
  #values = 0

  constructor(text: string, options: ExactJsonOptions) {
    this.#text = text
    this.#options = options
    this.#budgets = options.budgets ?? DEFAULT_BUDGETS
    this.#span = new JsonSpan(text)
  }

  async document(): Promise<JsonValue> {
    this.#within('documentBytes', this.#text.length, 'bytes')
    const value = await this.#value(0)
    if (this.#span.skipSpace() < this.#text.length) throw this.#unexpected('the end')
    return value
  }

  async #value(depth: number): Promise<JsonValue> {
    const start = this.#span.skipSpace()
    const { end, values, levels } = this.#span.measure(PIECE_CHARACTERS)
    if (end === undefined) {
      this.#within('documentDepth', depth + 1, 'levels')
      return this.#text[start] === '{' ? this.#object(depth) : this.#array(depth)
    }
    this.#count(values)
    this.#within('documentDepth', depth + levels, 'levels')
    const piece = parseMeasuredJson(this.#text.slice(start, end), this.#options)
    this.#span.at = end
    if (this.#slices.isOver) await this.#slices.pause()
    return piece
  }

  async #object(depth: number): Promise<JsonValue> {
    this.#count(1)
    const members: [string, JsonValue][] = []
    this.#span.at++
    if (this.#closes('}')) return {}
    for (;;) {
      const start = this.#span.skipSpace()
      if (this.#text[start] !== '"') throw this.#unexpected('a key')
      const end = this.#span.stringEnd()
      const key = parseMeasuredJson(this.#text.slice(start, end), this.#options) as string
      this.#span.at = end
      this.#expect(':')
      members.push([key, await this.#value(depth + 1)])
      // Own properties are defined, so that a key named __proto__ changes no prototype.
      if (this.#closes('}')) return Object.fromEntries(members)
      this.#expect(',')
    }
  }

  async #array(depth: number): Promise<JsonValue> {
    this.#count(1)
    const items: JsonValue[] = []
    this.#span.at++
    if (this.#closes(']')) return items
    for (;;) {
      items.push(await this.#value(depth + 1))
      if (this.#closes(']')) return items
      this.#expect(',')
    }
  }

  #closes(bracket: string): boolean {
    if (this.#text[this.#span.skipSpace()] !== bracket) return false
    this.#span.at++
    return true
  }

  #expect(mark: string): void {
    if (this.#text[this.#span.skipSpace()] !== mark) throw this.#unexpected(`'${mark}'`)
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

  #unexpected(expected: string): TableError {
    const { path } = this.#options
    const { at } = this.#span
    const found = at < this.#text.length ? JSON.stringify(this.#text[at]) : 'the end of the text'
    const where = path === undefined ? '' : ` in ${path}`
    return new TableError(
      'TABLE_CORRUPT',
      `expected a JSON document${where}: expected ${expected} at position ${at}, found ${found}`,
      { context: path === undefined ? {} : { path } },
    )
  }
}
