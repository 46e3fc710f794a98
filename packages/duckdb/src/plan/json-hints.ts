import {
  type ComparisonOp,
  dateText,
  type Literal,
  leafOf,
  type Predicate,
  type PrimitiveType,
  type Schema,
} from '@spillway/core'

/** What a server is told about a predicate, and the parts that it is not told. */
export interface Hints {
  /** The text of a JSON predicate tree; absent where nothing can be said. */
  readonly jsonPredicateHints?: string | undefined
  readonly unhinted: readonly string[]
}

type Tree = { readonly [key: string]: string | readonly Tree[] }

/** A larger IN list costs more than it prunes. */
const MAX_IN_VALUES = 100

/**
 * `predicate` as a hint (PROTOCOL.md, "JSON predicates for filtering") that no sound server can take for less than it
 * is. Negations are left out: servers exist that invert "may match". So are columns without a value type of the wire.
 * Leaving a part of an AND out widens; an OR needs every part.
 */
export function jsonHints(predicate: Predicate, schema: Schema): Hints {
  const unhinted: string[] = []
  const tree = treeOf(predicate, schema, unhinted)
  return tree === undefined ? { unhinted } : { jsonPredicateHints: JSON.stringify(tree), unhinted }
}

function treeOf(predicate: Predicate, schema: Schema, unhinted: string[]): Tree | undefined {
  switch (predicate.kind) {
    case 'and': {
      const trees = predicate.operands.map(part => treeOf(part, schema, unhinted))
      return junction(
        'and',
        trees.filter(tree => tree !== undefined),
      )
    }
    case 'or': {
      const missing: string[] = []
      const trees = predicate.operands.map(part => treeOf(part, schema, missing))
      unhinted.push(...missing)
      return trees.includes(undefined) ? undefined : junction('or', trees as readonly Tree[])
    }
    case 'alwaysTrue':
      return undefined
    case 'unknown':
      unhinted.push(predicate.reason)
      return undefined
    default: {
      const tree = leafTree(predicate, schema)
      if (tree === undefined) unhinted.push(unsaid(predicate))
      return tree
    }
  }
}

function unsaid(predicate: Predicate): string {
  const of = 'ref' in predicate ? ` of ${predicate.ref.names.join('.')}` : ''
  return `${predicate.kind}${of} cannot be said in a hint`
}

function junction(op: 'and' | 'or', children: readonly Tree[]): Tree | undefined {
  return children.length > 1 ? { op, children } : children[0]
}

const OPERATORS: Readonly<Partial<Record<ComparisonOp, string>>> = {
  eq: 'equal',
  lt: 'lessThan',
  ltEq: 'lessThanOrEqual',
  gt: 'greaterThan',
  gtEq: 'greaterThanOrEqual',
}

function leafTree(predicate: Predicate, schema: Schema): Tree | undefined {
  if (!('ref' in predicate)) return undefined
  const path = schema.find(predicate.ref.names)
  const type = path && leafOf(path).type
  const valueType = type === undefined ? undefined : VALUE_TYPES.get(type as PrimitiveType)
  if (path === undefined || valueType === undefined) return undefined
  const column = { op: 'column', name: predicate.ref.names.join('.'), valueType }
  const compared = (op: string, value: Literal): Tree | undefined => {
    const text = literalText(value)
    return text === undefined
      ? undefined
      : { op, children: [column, { op: 'literal', value: text, valueType }] }
  }
  switch (predicate.kind) {
    case 'isNull':
      return { op: 'isNull', children: [column] }
    case 'comparison': {
      const op = OPERATORS[predicate.op]
      if (isFloating(type) && predicate.op.startsWith('gt')) return undefined
      return op === undefined ? undefined : compared(op, predicate.value)
    }
    case 'in': {
      if (predicate.values.length > MAX_IN_VALUES) return undefined
      const equals = predicate.values.map(value => compared('equal', value))
      return equals.includes(undefined) ? undefined : junction('or', equals as readonly Tree[])
    }
    case 'startsWith':
      return compared('greaterThanOrEqual', { value: predicate.prefix, type: 'string' })
    default:
      return undefined
  }
}

/** NaN is above everything, and many a server's maximum leaves it out. */
function isFloating(type: unknown): boolean {
  return type === 'float' || type === 'double'
}

/** Value types of the wire by ours. A timestamp without a zone has none: servers read the text in UTC or refuse it. */
const VALUE_TYPES: ReadonlyMap<PrimitiveType, string> = new Map([
  ['boolean', 'bool'],
  ['int', 'int'],
  ['long', 'long'],
  ['float', 'float'],
  ['double', 'double'],
  ['string', 'string'],
  ['date', 'date'],
  ['timestamptz', 'timestamp'],
])

function literalText({ value, type }: Literal): string | undefined {
  switch (type) {
    case 'date':
      return fourDigitYear(dateText(Number(value)))
    case 'timestamptz':
      return momentText(value as bigint)
    default:
      return typeof value === 'object' ? undefined : String(value)
  }
}

/** Undefined where milliseconds cannot say it: not every server takes six digits. */
function momentText(micros: bigint): string | undefined {
  if (micros % 1000n !== 0n) return undefined
  const time = new Date(Number(micros / 1000n))
  return Number.isNaN(time.getTime()) ? undefined : fourDigitYear(time.toISOString())
}

/** Undefined for years before 1 or past 9999, which servers read otherwise or not at all. */
function fourDigitYear(text: string): string | undefined {
  return /^\d{4}-/.test(text) && !text.startsWith('0000') ? text : undefined
}
