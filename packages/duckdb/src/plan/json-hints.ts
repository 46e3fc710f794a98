import {
  type ComparisonOp,
  dateText,
  floorDivide,
  type Literal,
  leafOf,
  type Predicate,
  type PrimitiveType,
  type Schema,
} from '@spillway/core'
import { isFloating } from './constants.js'
import { unsaid } from './unsaid.js'

export type Tree = { readonly [key: string]: string | readonly Tree[] }

/**
 * A predicate without negations as a tree (PROTOCOL.md, "JSON predicates for filtering") that no server can take for less than
 * it is. Left out is what some server misreads, or for which it drops the whole tree: negations (servers exist that invert "may
 * match"), fields of structs, decimals, timestamps without a zone, and whatever else has no value type of the wire.
 */
export function jsonTree(
  predicate: Predicate,
  schema: Schema,
  unhinted: string[],
): Tree | undefined {
  switch (predicate.kind) {
    case 'and': {
      const trees = predicate.operands.map(part => jsonTree(part, schema, unhinted))
      return junction(
        'and',
        trees.filter(tree => tree !== undefined),
      )
    }
    case 'or': {
      const trees = predicate.operands.map(part => jsonTree(part, schema, unhinted))
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
  if (!('ref' in predicate) || predicate.ref.names.length !== 1) return undefined
  const path = schema.find(predicate.ref.names)
  const type = path && leafOf(path).type
  const valueType = type === undefined ? undefined : VALUE_TYPES.get(type as PrimitiveType)
  if (path === undefined || valueType === undefined) return undefined
  const column = { op: 'column', name: predicate.ref.names[0]!, valueType }
  const compared = (op: ComparisonOp, value: Literal): Tree | undefined => {
    const said = OPERATORS[op]
    const text = literalText(value, op)
    return said === undefined || text === undefined
      ? undefined
      : { op: said, children: [column, { op: 'literal', value: text, valueType }] }
  }
  switch (predicate.kind) {
    case 'isNull':
      return { op: 'isNull', children: [column] }
    case 'comparison':
      return comparisonTree(predicate.op, predicate.value, compared)
    case 'in': {
      const equals = predicate.values.map(value => comparisonTree('eq', value, compared))
      return equals.includes(undefined) ? undefined : junction('or', equals as readonly Tree[])
    }
    case 'startsWith':
      return prefixTree(predicate.prefix, compared)
    default:
      return undefined
  }
}

type Compared = (op: ComparisonOp, value: Literal) => Tree | undefined

function comparisonTree(op: ComparisonOp, literal: Literal, compared: Compared): Tree | undefined {
  const { value, type } = literal
  if (isFloating(type)) {
    // NaN is above everything, and many a server's maximum leaves it out.
    if (op === 'gt' || op === 'gtEq' || !Number.isFinite(value)) return undefined
    // Servers exist by whose order -0 is below 0: zeros of both signs are at most 0.
    if (op === 'eq' && value === 0) return compared('ltEq', { value: 0, type })
  }
  if (type === 'timestamptz' && op === 'eq' && typeof value === 'bigint') {
    // Bounds that were cut to milliseconds.
    const both = [compared('gtEq', literal), compared('ltEq', literal)]
    return both.includes(undefined) ? undefined : junction('and', both as readonly Tree[])
  }
  return compared(op, literal)
}

/** Texts with a prefix lie from it to the prefix with its last character raised. */
function prefixTree(prefix: string, compared: Compared): Tree | undefined {
  const least = compared('gtEq', { value: prefix, type: 'string' })
  const last = prefix.charCodeAt(prefix.length - 1)
  if (least === undefined || prefix === '' || last >= LAST_PLAIN) return least
  const successor = prefix.slice(0, -1) + String.fromCharCode(last + 1)
  const below = compared('lt', { value: successor, type: 'string' })
  return below && { op: 'and', children: [least, below] }
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

function literalText({ value, type }: Literal, op: ComparisonOp): string | undefined {
  switch (type) {
    case 'date':
      return fourDigitYear(dateText(Number(value)))
    case 'timestamptz':
      return momentText(value as bigint, op)
    case 'string':
      return isPlain(value as string) ? (value as string) : undefined
    default:
      return typeof value === 'object' ? undefined : String(value)
  }
}

/** The last character before those whose order differs between UTF-8 and UTF-16, by which servers in Java compare. */
const LAST_PLAIN = 0xd7ff

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > LAST_PLAIN) return false
  return true
}

/**
 * In milliseconds, outward: not every server takes six digits, and maxima may be cut to three: what is above a moment may be in a
 * file whose maximum is at it.
 */
function momentText(micros: bigint, op: ComparisonOp): string | undefined {
  const floor = floorDivide(micros, 1000n)
  const above = floor * 1000n === micros ? floor : floor + 1n
  const millis = op === 'gt' ? floor - 1n : op === 'gtEq' ? floor : above
  const time = new Date(Number(millis))
  return Number.isNaN(time.getTime()) ? undefined : fourDigitYear(time.toISOString())
}

/** Undefined for years before 1 or past 9999, which servers read otherwise or not at all. */
function fourDigitYear(text: string): string | undefined {
  return /^\d{4}-/.test(text) && !text.startsWith('0000') ? text : undefined
}
