import {
  type ComparisonOp,
  type Literal,
  type Predicate,
  parseDate,
  parseMoment,
} from '@spillway/core'
import { FLIPPED } from './flipped.js'
import { MAX_HINT_LENGTH, type ParsedHint, UnappliedList } from './hint.js'
import { type Draft, finishDraft, junctionDraft, leafDraft, notDraft } from './predicate-tree.js'

/**
 * A `jsonPredicateHints` tree (PROTOCOL.md, "JSON predicates for filtering") as far as it is understood: an unknown
 * node is `unknown` in its place. Never throws.
 */
export function parseJsonPredicate(text: string): ParsedHint {
  const unapplied = new UnappliedList()
  const predicate = parse(text, unapplied)
  return { predicate, unapplied: unapplied.finish() }
}

function parse(text: string, unapplied: UnappliedList): Predicate {
  if (text.length > MAX_HINT_LENGTH) {
    return unapplied.refuse(text, `longer than ${MAX_HINT_LENGTH} characters`)
  }
  // The reference server takes an empty text for no hint.
  if (text.trim() === '') return { kind: 'alwaysTrue' }
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch {
    return unapplied.refuse(text, 'not valid JSON')
  }
  return readTree(root, unapplied)
}

/** A node whose children are being read. */
interface Frame {
  readonly op: 'and' | 'or' | 'not'
  readonly children: readonly unknown[]
  readonly drafts: Draft[]
}

/** Keeps its own stack, so no nesting exhausts the engine's. */
function readTree(root: unknown, unapplied: UnappliedList): Predicate {
  const frames: Frame[] = []
  let due: unknown = root
  for (;;) {
    const frame = frameOf(due)
    if (frame !== undefined) {
      frames.push(frame)
      due = frame.children[0]
      continue
    }
    let draft = leafDraft(readLeaf(due, unapplied))
    for (;;) {
      const parent = frames.at(-1)
      if (parent === undefined) return finishDraft(draft, unapplied)
      parent.drafts.push(draft)
      if (parent.drafts.length < parent.children.length) {
        due = parent.children[parent.drafts.length]
        break
      }
      frames.pop()
      draft = parent.op === 'not' ? notDraft(draft) : junctionDraft(parent.op, parent.drafts)
    }
  }
}

/** AND, OR and NOT with the right number of children; undefined for everything else. */
function frameOf(value: unknown): Frame | undefined {
  const op = opOf(value)
  const children = childrenOf(value)
  if (op === 'not' && children.length === 1) return { op, children, drafts: [] }
  if ((op === 'and' || op === 'or') && children.length > 0) return { op, children, drafts: [] }
  return undefined
}

function opOf(value: unknown): string | undefined {
  const op = property(value, 'op')
  return typeof op === 'string' ? op : undefined
}

function childrenOf(value: unknown): readonly unknown[] {
  const children = property(value, 'children')
  return Array.isArray(children) ? children : []
}

/** An own property of an object; undefined for anything else. */
function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

const COMPARISONS: ReadonlyMap<string, ComparisonOp> = new Map([
  ['equal', 'eq'],
  ['notEqual', 'notEq'],
  ['lessThan', 'lt'],
  ['lessThanOrEqual', 'ltEq'],
  ['greaterThan', 'gt'],
  ['greaterThanOrEqual', 'gtEq'],
])

function readLeaf(value: unknown, unapplied: UnappliedList): Predicate {
  const predicate = leafOf(value)
  return typeof predicate === 'string' ? unapplied.refuse(describe(value), predicate) : predicate
}

/** The predicate of a leaf, or why it is not understood. */
function leafOf(value: unknown): Predicate | string {
  const op = opOf(value)
  if (op === undefined) return 'expected a node with an op'
  if (op === 'column' || op === 'literal') return readBareLeaf(value)
  const children = childrenOf(value)
  if (op === 'isNull') {
    const column = children.length === 1 ? readColumn(children[0]) : undefined
    if (column === undefined) return 'isNull needs one column'
    return { kind: 'isNull', ref: { names: [column.name] } }
  }
  const comparison = COMPARISONS.get(op)
  if (comparison === undefined) return `op ${op.slice(0, 40)} is not supported`
  if (children.length !== 2) return `${op} needs two children, found ${children.length}`
  return readComparison(comparison, children[0], children[1])
}

function readComparison(op: ComparisonOp, left: unknown, right: unknown): Predicate | string {
  if (opOf(left) === 'literal' && opOf(right) === 'column') {
    return readComparison(FLIPPED[op], right, left)
  }
  const column = readColumn(left)
  if (column === undefined || opOf(right) !== 'literal') return 'expected a column and a literal'
  const literal = readLiteral(right)
  if (typeof literal === 'string') return literal
  if (typeNamed(column.valueType) !== typeNamed(property(right, 'valueType'))) {
    return 'the column and the literal have different value types'
  }
  return { kind: 'comparison', op, ref: { names: [column.name] }, value: literal }
}

/** A bool column or literal is a condition by itself. */
function readBareLeaf(value: unknown): Predicate | string {
  const column = readColumn(value)
  if (column !== undefined) {
    if (typeNamed(column.valueType) !== 'bool') return 'only a bool column is a condition by itself'
    const isTrue: Literal = { value: true, type: 'boolean' }
    return { kind: 'comparison', op: 'eq', ref: { names: [column.name] }, value: isTrue }
  }
  const literal = readLiteral(value)
  if (typeof literal === 'string') return literal
  if (literal.type !== 'boolean') return 'only a bool literal is a condition by itself'
  return { kind: literal.value === true ? 'alwaysTrue' : 'alwaysFalse' }
}

function readColumn(value: unknown): { name: string; valueType: unknown } | undefined {
  const name = property(value, 'name')
  if (opOf(value) !== 'column' || typeof name !== 'string') return undefined
  return { name, valueType: property(value, 'valueType') }
}

const INTEGERS: ReadonlyMap<string, bigint> = new Map([
  ['byte', 2n ** 7n],
  ['short', 2n ** 15n],
  ['int', 2n ** 31n],
  ['long', 2n ** 63n],
])

/** The words of a schemaString, of SQL and of Arrow for what PROTOCOL.md calls otherwise. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['boolean', 'bool'],
  ['tinyint', 'byte'],
  ['smallint', 'short'],
  ['integer', 'int'],
  ['bigint', 'long'],
  ['timestamp_ntz', 'timestamp'],
  ['timestampntz', 'timestamp'],
])

/** A value type as PROTOCOL.md spells it, or as it stands. */
function typeNamed(valueType: unknown): unknown {
  if (typeof valueType !== 'string' || valueType.length > MAX_TYPE_CHARACTERS) return valueType
  const word = valueType.toLowerCase()
  return ALIASES.get(word) ?? word
}

const MAX_TYPE_CHARACTERS = 40

/** Values are always texts, in the form their value type has. */
function readLiteral(node: unknown): Literal | string {
  const value = property(node, 'value')
  const valueType = property(node, 'valueType')
  if (typeof value !== 'string') return 'the value of a literal must be a text'
  if (typeof valueType !== 'string') return 'a literal needs a valueType'
  const literal = literalOf(value, String(typeNamed(valueType)))
  return literal ?? `'${value.slice(0, 40)}' is not a ${valueType.slice(0, 40)} that is understood`
}

function literalOf(text: string, valueType: string): Literal | undefined {
  switch (valueType) {
    case 'bool':
      return /^(true|false)$/i.test(text)
        ? { value: text.toLowerCase() === 'true', type: 'boolean', asTyped: true }
        : undefined
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return integerOf(text, INTEGERS.get(valueType)!)
    case 'float':
    case 'double':
      return floatingOf(text, valueType)
    case 'string':
      return { value: text, type: 'string', asTyped: true }
    case 'date': {
      const day = parseDate(text)
      return day === undefined ? undefined : { value: day, type: 'date', asTyped: true }
    }
    case 'timestamp':
      return timestampOf(text)
    default:
      return /^decimal(\(\d+,\s*-?\d+\))?$/.test(valueType) ? decimalOf(text) : undefined
  }
}

const MAX_DECIMAL_DIGITS = 38

/** With the digits that the text has: what its column can hold is known when it is bound. */
function decimalOf(text: string): Literal | undefined {
  const [, sign, whole, fraction = ''] = /^([+-]?)(\d{1,38})(?:\.(\d{0,38}))?$/.exec(text) ?? []
  if (whole === undefined) return undefined
  const precision = whole.length + fraction.length
  if (precision > MAX_DECIMAL_DIGITS) return undefined
  const unscaled = BigInt(`${whole}${fraction}`)
  const type = { kind: 'decimal', precision, scale: fraction.length } as const
  return { value: sign === '-' ? -unscaled : unscaled, type, asTyped: true }
}

function integerOf(text: string, limit: bigint): Literal | undefined {
  if (!/^[+-]?\d{1,20}$/.test(text)) return undefined
  const value = BigInt(text.replace('+', ''))
  return value >= -limit && value < limit ? { value, type: 'long', asTyped: true } : undefined
}

function floatingOf(text: string, type: 'float' | 'double'): Literal | undefined {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?[dDfF]?$/.test(text)) return undefined
  const number = Number(text.replace(/[dDfF]$/, ''))
  const value = type === 'float' ? Math.fround(number) : number
  return Number.isFinite(value) ? { value, type, asTyped: true } : undefined
}

function timestampOf(text: string): Literal | undefined {
  const moment = parseMoment(text)
  if (moment === undefined) return undefined
  if (moment.nanos % 1000n !== 0n) {
    const type = moment.zoned ? 'timestamptz_ns' : 'timestamp_ns'
    return { value: moment.nanos, type, asTyped: true }
  }
  const type = moment.zoned ? 'timestamptz' : 'timestamp'
  return { value: moment.nanos / 1000n, type, asTyped: true }
}

/** A node for people: its op and its children's, never deeper. */
function describe(value: unknown): string {
  const op = opOf(value)
  if (op === undefined) return `a ${Array.isArray(value) ? 'list' : typeof value}`
  const name = property(value, 'name') ?? property(value, 'value')
  if (typeof name === 'string') return `${op} ${name}`
  return `${op}(${childrenOf(value).slice(0, 5).map(childText).join(', ')})`
}

function childText(value: unknown): string {
  const text = property(value, 'name') ?? property(value, 'value') ?? opOf(value)
  return typeof text === 'string' ? text.slice(0, 60) : '...'
}
