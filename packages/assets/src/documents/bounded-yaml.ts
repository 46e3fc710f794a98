import { corrupt, type JsonValue, TableError } from '@spillway/core'
import { Composer, type CST, LineCounter, Parser } from 'yaml'

export interface YamlLimits {
  readonly bytes: number
  readonly depth: number
  /** Values, keys counted as well. What aliases stand for is counted each time that they do. */
  readonly values: number
  /** False refuses anchors and aliases. */
  readonly aliases: boolean
}

export interface YamlPlace {
  /** The noun and its article: `the front matter of SKILL.md`. */
  readonly what: string
  readonly path?: string | undefined
  /** Lines of the file in front of the text. */
  readonly linesBefore?: number | undefined
}

/** One document, each time read by another rule of what a plain scalar is. */
export interface YamlReading {
  /** By YAML 1.2's core schema: numbers, booleans and nulls are such. Numbers that JSON cannot hold are texts. */
  readonly typed: JsonValue
  /** Every scalar is the text that stands there. */
  readonly texts: JsonValue
  /** True where a list or mapping stands in brackets. */
  readonly hasBrackets: boolean
}

/** The longest mapping: keys are compared with each other. */
const MAX_KEYS = 2000

/**
 * The value of a text of one YAML document. Throws `UNSUPPORTED_FEATURE` beyond the limits, and `TABLE_CORRUPT` with the
 * line for what is no YAML 1.2, has a key twice, or has a tag.
 */
export function readYaml(text: string, limits: YamlLimits, place: YamlPlace): YamlReading {
  requireWithin(text.length, limits.bytes, { ...place, unit: 'bytes' })
  const lines = new LineCounter()
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const { fault, hasBrackets } = weigh(tokens, limits, place)
  if (fault !== undefined) throw wrong(fault.reason, { place, lines, at: fault.at })
  const typed = composed(tokens, 'core', { place, lines })
  const texts = composed(tokens, 'failsafe', { place, lines })
  return {
    typed: plainValue(typed, texts, new Budget(limits, place)),
    texts: plainValue(texts, texts, new Budget(limits, place)),
    hasBrackets,
  }
}

interface Found {
  readonly reason: string
  readonly at: number
}

/** Counts what is in `tokens`; the fault that it finds on the way. Goes down without recursion. */
function weigh(
  tokens: readonly CST.Token[],
  limits: YamlLimits,
  place: YamlPlace,
): { readonly fault?: Found; readonly hasBrackets: boolean } {
  let hasBrackets = false
  const waiting = tokens.map(token => ({ token, depth: 0 }))
  let values = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next
    requireWithin(depth, limits.depth, { ...place, unit: 'levels' })
    requireWithin(++values, limits.values, { ...place, unit: 'values' })
    if (isMapping(token)) {
      requireWithin(token.items.length, MAX_KEYS, { ...place, unit: 'keys in one mapping' })
    }
    const fault = tokenFault(token, limits)
    if (fault !== undefined) return { fault, hasBrackets }
    if (token.type === 'flow-collection') hasBrackets = true
    for (const child of childrenOf(token)) waiting.push({ token: child, depth: depth + 1 })
  }
  return { hasBrackets }
}

function isMapping(token: CST.Token): token is CST.BlockMap | CST.FlowCollection {
  if (token.type === 'block-map') return true
  return token.type === 'flow-collection' && token.start.type === 'flow-map-start'
}

function* childrenOf(token: CST.Token): Generator<CST.Token> {
  if ('value' in token && token.value) yield token.value
  if (!('items' in token)) return
  for (const item of token.items) {
    if (item.key) yield item.key
    if (item.value) yield item.value
  }
}

/** Tags and anchors stand among the tokens in front of what they belong to. */
function tokenFault(token: CST.Token, { aliases }: YamlLimits): Found | undefined {
  if (token.type === 'alias' && !aliases) return { reason: 'it has an alias', at: token.offset }
  const items = 'items' in token ? token.items : []
  const fronts: (readonly CST.SourceToken[] | undefined)[] = items.flatMap(({ start, sep }) => [
    start,
    sep,
  ])
  if (token.type === 'document') fronts.push(token.start)
  for (const { type, source, offset } of fronts.flatMap(front => front ?? [])) {
    if (type === 'tag') return { reason: `it has a tag, ${source.slice(0, 80)}`, at: offset }
    if (type === 'anchor' && !aliases) return { reason: 'it has an anchor', at: offset }
  }
  return undefined
}

interface Reading {
  readonly place: YamlPlace
  readonly lines: LineCounter
}

function composed(
  tokens: readonly CST.Token[],
  schema: 'core' | 'failsafe',
  { place, lines }: Reading,
): unknown {
  const composer = new Composer({
    schema,
    version: '1.2',
    stringKeys: true,
    uniqueKeys: true,
    logLevel: 'error',
  })
  const documents = [...composer.compose(tokens)]
  const [document] = documents
  if (document === undefined) return null
  const fault = [...document.errors, ...document.warnings][0]
  if (fault !== undefined)
    throw wrong(fault.message, { place, lines, at: fault.pos[0], cause: fault })
  if (documents.length > 1) {
    throw wrong('it has more than one document', { place, lines, at: documents[1]!.range[0] })
  }
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    // Aliases of nothing, and too many of what has aliases itself.
    const reason = cause instanceof ReferenceError ? cause.message : 'its aliases go in circles'
    throw wrong(reason, { place, lines, at: 0, cause })
  }
}

/** Times that an anchor may be stood for, those within others multiplied. */
const MAX_ALIASES = 100

interface Fault extends Reading {
  readonly at: number
  readonly cause?: unknown
}

function wrong(reason: string, { place, lines, at, cause }: Fault): TableError {
  const { line } = lines.linePos(at)
  const text = reason.replace(/ at line \d+, column \d+:[\s\S]*$/, '')
  const inFile = line + (place.linesBefore ?? 0)
  return corrupt(`${place.what} as YAML`, `${text}, in line ${inFile}`, {
    path: place.path,
    line: inFile,
    cause,
  })
}

/** Values and levels so far, aliases expanded: one that is within what it stands for has no end. */
class Budget {
  readonly #limits: YamlLimits
  readonly #place: YamlPlace
  #values = 0
  #depth = 0

  constructor(limits: YamlLimits, place: YamlPlace) {
    this.#limits = limits
    this.#place = place
  }

  /** `read`, one level below. */
  within<T>(read: () => T): T {
    const { values, depth } = this.#limits
    requireWithin(++this.#values, values, { ...this.#place, unit: 'values' })
    requireWithin(++this.#depth, depth + 1, { ...this.#place, unit: 'levels' })
    const value = read()
    this.#depth--
    return value
  }
}

/** `value` as JSON can hold it, without prototypes and without what is shared; `text` is the same, of texts. */
function plainValue(value: unknown, text: unknown, budget: Budget): JsonValue {
  return budget.within(() => plainMembers(value, text, budget))
}

function plainMembers(value: unknown, text: unknown, budget: Budget): JsonValue {
  if (Array.isArray(value)) {
    return value.map((item, i) => plainValue(item, memberOf(text, i), budget))
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
    return Object.fromEntries(
      members.map(([key, member]) => [key, plainValue(member, memberOf(text, key), budget)]),
    )
  }
  if (typeof value === 'number' && (!Number.isFinite(value) || isRounded(value))) {
    return String(text)
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null
}

function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value)
}

function memberOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

interface Bound extends YamlPlace {
  readonly unit: string
}

function requireWithin(observed: number, limit: number, { what, unit, path }: Bound): void {
  if (observed <= limit) return
  const where = path === undefined ? '' : ` (${path})`
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `${what} of more than ${limit} ${unit}: no more are read${where}`,
    { context: { limit, observed, ...(path === undefined ? {} : { path }) } },
  )
}
