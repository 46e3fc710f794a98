import { type ComparisonOp, type JsonValue, type Predicate, unknown } from '@spillway/core'
import { type ColumnOf, comparedColumn } from './compared-column.js'
import { refOf } from './comparison.js'
import { constantInteger, constantOf, isNode, type Node, nodes } from './constants.js'

/** A text column, and what its values must begin with. */
interface Prefix {
  readonly subject: JsonValue | undefined
  readonly prefix: string
  /** True where every text that begins so passes. */
  readonly whole: boolean
}

/**
 * Tests of texts by how they begin: prefix(), starts_with, LIKE, GLOB, and `left(c, n) = 'ab'`; undefined for anything else. With
 * `notEq` the rows that do not pass. LIKE 'abc%' comes out of the plan as prefix().
 */
export function textTest(node: Node, op: ComparisonOp, columnOf: ColumnOf): Predicate | undefined {
  const isTest = node.class === 'FUNCTION'
  const found = isTest ? patternOf(node) : beginningOf(node)
  if (found === undefined || (op !== 'eq' && op !== 'notEq')) return undefined
  const column = comparedColumn(found.subject, columnOf)
  if (column?.type !== 'string') return undefined
  const { prefix, whole } = found
  const ref = refOf(column.path)
  if (op === 'notEq') {
    return whole ? { kind: 'notStartsWith', ref, prefix } : unknown('the rest of a pattern')
  }
  return { kind: 'startsWith', ref, prefix }
}

function patternOf({ function_name: name, children }: Node): Prefix | undefined {
  const [subject, second, third] = nodes(children)
  const pattern = textOf(second)
  if (pattern === undefined) return undefined
  switch (name) {
    case 'prefix':
    case 'starts_with':
    case '^@':
      return { subject, prefix: pattern, whole: true }
    case '~~':
      return { subject, ...literalPart(pattern, /[%_]/) }
    // Up to the first character that means something, whatever it escapes.
    case 'like_escape': {
      const escaping = textOf(third)
      if (escaping === undefined) return undefined
      const end = [...'%_', ...escaping].map(each => pattern.indexOf(each)).filter(at => at >= 0)
      return { subject, prefix: pattern.slice(0, Math.min(pattern.length, ...end)), whole: false }
    }
    case '~~~':
      return { subject, ...literalPart(pattern, /[*?[\\]/) }
    default:
      return undefined
  }
}

function literalPart(pattern: string, special: RegExp): { prefix: string; whole: false } {
  const end = pattern.search(special)
  return { prefix: end < 0 ? pattern : pattern.slice(0, end), whole: false }
}

/** `left(c, n) = 'ab'` and `substring(c, 1, n) = 'ab'`: the column begins so. */
function beginningOf({ left, right }: Node): Prefix | undefined {
  const prefix = textOf(right)
  if (prefix === undefined || !isNode(left) || left.class !== 'FUNCTION') return undefined
  const [subject, first] = nodes(left.children)
  const name = String(left.function_name)
  const isStart = /^(substring|substr)$/.test(name) && constantInteger(first) === 1n
  return name === 'left' || isStart ? { subject, prefix, whole: false } : undefined
}

function textOf(json: JsonValue | undefined): string | undefined {
  const constant = constantOf(json, 'string')
  return constant?.kind === 'value' ? String(constant.literal.value) : undefined
}
