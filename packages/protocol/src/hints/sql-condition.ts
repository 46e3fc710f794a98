import {
  type ComparisonOp,
  compareValues,
  type Literal,
  type Predicate,
  type Reference,
} from '@spillway/core'
import { FLIPPED } from './flipped.js'
import { likePredicate, readLikePattern } from './sql-like.js'
import { NotUnderstood, type Operand, readOperand, type TokenCursor } from './sql-operand.js'

/** Stands in for the part of an atom that is not understood, and lists it. */
export type Refuse = (reason: string) => Predicate

const COMPARISONS: ReadonlyMap<string, ComparisonOp> = new Map([
  ['=', 'eq'],
  ['==', 'eq'],
  ['<>', 'notEq'],
  ['!=', 'notEq'],
  ['<', 'lt'],
  ['<=', 'ltEq'],
  ['>', 'gt'],
  ['>=', 'gtEq'],
])

/** True for no row, and neither is its negation: a predicate has no constant for that. */
const NULL_RESULT = 'the result of a comparison with NULL is NULL'
const NEVER: Predicate = { kind: 'alwaysFalse' }
const ALWAYS: Predicate = { kind: 'alwaysTrue' }

/** One condition without AND, OR or a leading NOT. Throws NotUnderstood for anything else. */
export function readCondition(cursor: TokenCursor, refuse: Refuse): Predicate {
  const condition = readFunction(cursor) ?? readTest(cursor, refuse)
  if (cursor.peek() !== undefined) throw cursor.unexpected('expected AND, OR or the end')
  return condition
}

function readTest(cursor: TokenCursor, refuse: Refuse): Predicate {
  const left = readOperand(cursor)
  if (cursor.peek() === undefined) return bare(left)
  if (cursor.takeWord('IS')) return readIs(cursor, left)
  if (cursor.takeSymbol('<=>')) return nullSafeEqual(left, readOperand(cursor))
  const symbol = cursor.peek()
  const op = symbol?.kind === 'symbol' ? COMPARISONS.get(symbol.text) : undefined
  if (op !== undefined) {
    cursor.next()
    return compare(op, left, readOperand(cursor))
  }
  const negated = cursor.takeWord('NOT')
  const test = readSetTest(cursor, left, refuse)
  return negated ? { kind: 'not', operand: test } : test
}

function readSetTest(cursor: TokenCursor, left: Operand, refuse: Refuse): Predicate {
  if (cursor.takeWord('IN')) return readIn(cursor, left, refuse)
  if (cursor.takeWord('BETWEEN')) return readBetween(cursor, left, refuse)
  if (cursor.takeWord('LIKE')) return readLike(cursor, left, refuse)
  throw cursor.unexpected('expected a comparison')
}

/** A condition that is a value by itself: a boolean column or constant. */
function bare(operand: Operand): Predicate {
  return compare('eq', operand, { kind: 'literal', literal: { value: true, type: 'boolean' } })
}

function compare(op: ComparisonOp, left: Operand, right: Operand): Predicate {
  if (left.kind === 'null' || right.kind === 'null') throw new NotUnderstood(NULL_RESULT)
  if (left.kind === 'column' && right.kind === 'literal') {
    return { kind: 'comparison', op, ref: { names: left.names }, value: right.literal }
  }
  if (left.kind === 'literal' && right.kind === 'column') return compare(FLIPPED[op], right, left)
  if (left.kind === 'literal' && right.kind === 'literal') {
    return compareConstants(op, left.literal, right.literal)
  }
  throw new NotUnderstood('a comparison of two columns is not supported')
}

function compareConstants(op: ComparisonOp, left: Literal, right: Literal): Predicate {
  if (typeof left.type !== 'string' || left.type !== right.type) {
    throw new NotUnderstood('a comparison of two different kinds of constants is not supported')
  }
  const order = compareValues(left.value, right.value)
  const holds = {
    eq: order === 0,
    notEq: order !== 0,
    lt: order < 0,
    ltEq: order <= 0,
    gt: order > 0,
    gtEq: order >= 0,
  }
  return holds[op] ? ALWAYS : NEVER
}

/** Never null itself: two nulls are equal, and a null equals no value. */
function nullSafeEqual(left: Operand, right: Operand): Predicate {
  if (left.kind === 'null' && right.kind === 'null') return ALWAYS
  if (left.kind === 'null') return nullTest(right)
  if (right.kind === 'null') return nullTest(left)
  const equal = compare('eq', left, right)
  if (equal.kind !== 'comparison') return equal
  return { kind: 'and', operands: [{ kind: 'notNull', ref: equal.ref }, equal] }
}

function nullTest(operand: Operand): Predicate {
  if (operand.kind === 'null') return ALWAYS
  return operand.kind === 'literal' ? NEVER : { kind: 'isNull', ref: { names: operand.names } }
}

function readIs(cursor: TokenCursor, left: Operand): Predicate {
  const negated = cursor.takeWord('NOT')
  const test = readIsTest(cursor, left)
  return negated ? { kind: 'not', operand: test } : test
}

function readIsTest(cursor: TokenCursor, left: Operand): Predicate {
  if (cursor.takeWord('NULL') || cursor.takeWord('UNKNOWN')) return nullTest(left)
  if (cursor.takeWord('DISTINCT')) {
    if (!cursor.takeWord('FROM')) throw cursor.unexpected('expected FROM')
    return { kind: 'not', operand: nullSafeEqual(left, readOperand(cursor)) }
  }
  for (const value of [true, false]) {
    if (!cursor.takeWord(String(value).toUpperCase())) continue
    return nullSafeEqual(left, { kind: 'literal', literal: { value, type: 'boolean' } })
  }
  throw cursor.unexpected('expected NULL, TRUE, FALSE or DISTINCT FROM')
}

/** Members that are understood form one list; the others, each in its place, can only widen it. */
function readIn(cursor: TokenCursor, left: Operand, refuse: Refuse): Predicate {
  cursor.expectSymbol('(')
  const members: Operand[] = []
  do members.push(readOperand(cursor))
  while (cursor.takeSymbol(','))
  cursor.expectSymbol(')')
  if (left.kind !== 'column') return anyEqual(left, members, refuse)
  const literals = members.flatMap(member => (member.kind === 'literal' ? [member.literal] : []))
  const list: Predicate = { kind: 'in', ref: { names: left.names }, values: literals }
  if (members.length === literals.length) return list
  // Not dropped, since the negation of the list would then claim rows that are NULL.
  return { kind: 'or', operands: [list, refuse('only the literals of the IN list are used')] }
}

function anyEqual(left: Operand, members: readonly Operand[], refuse: Refuse): Predicate {
  return {
    kind: 'or',
    operands: members.map(member => tolerant(() => compare('eq', left, member), refuse)),
  }
}

function readBetween(cursor: TokenCursor, left: Operand, refuse: Refuse): Predicate {
  cursor.takeWord('ASYMMETRIC')
  const low = readOperand(cursor)
  if (!cursor.takeWord('AND')) throw cursor.unexpected('expected AND')
  const high = readOperand(cursor)
  return {
    kind: 'and',
    operands: [
      tolerant(() => compare('gtEq', left, low), refuse),
      tolerant(() => compare('ltEq', left, high), refuse),
    ],
  }
}

function readLike(cursor: TokenCursor, left: Operand, refuse: Refuse): Predicate {
  const right = readOperand(cursor)
  const escapeText = cursor.takeWord('ESCAPE') ? textOf(readOperand(cursor)) : '\\'
  const pattern = textOf(right)
  if (left.kind !== 'column' || pattern === undefined || escapeText?.length !== 1) {
    throw new NotUnderstood('LIKE needs a column, a text and one escape character')
  }
  const read = readLikePattern(pattern, escapeText)
  if (read === undefined)
    throw new NotUnderstood('the LIKE pattern ends in, or misuses, its escape')
  const ref: Reference = { names: left.names }
  return likePredicate(ref, read, () =>
    refuse(
      read.prefix === ''
        ? 'a LIKE pattern without a prefix'
        : 'only the prefix of the LIKE pattern is used',
    ),
  )
}

function textOf(operand: Operand): string | undefined {
  if (operand.kind !== 'literal' || operand.literal.type !== 'string') return undefined
  return String(operand.literal.value)
}

/** One part of an atom: where it is not understood, the rest of the atom still counts. */
function tolerant(read: () => Predicate, refuse: Refuse): Predicate {
  try {
    return read()
  } catch (error) {
    if (error instanceof NotUnderstood) return refuse(error.message)
    throw error
  }
}

/** Functions that are conditions: `isnull(a)`, `isnotnull(a)`, `isnan(a)`, `startswith(a, 'x')`, `equal_null(a, 1)`. */
function readFunction(cursor: TokenCursor): Predicate | undefined {
  const name = cursor.peek()
  const bracket = cursor.peek(1)
  if (name?.kind !== 'word' || bracket?.kind !== 'symbol' || bracket.text !== '(') return undefined
  const build = FUNCTIONS.get(name.text.toUpperCase())
  if (build === undefined) return undefined
  cursor.next()
  cursor.next()
  const operands: Operand[] = []
  do operands.push(readOperand(cursor))
  while (cursor.takeSymbol(','))
  cursor.expectSymbol(')')
  const condition = build(operands)
  if (condition === undefined) throw new NotUnderstood(`${name.text} with these arguments`)
  return condition
}

type BuildCondition = (operands: readonly Operand[]) => Predicate | undefined

const FUNCTIONS: ReadonlyMap<string, BuildCondition> = new Map<string, BuildCondition>([
  ['ISNULL', ([a, extra]) => (a && !extra ? nullTest(a) : undefined)],
  ['ISNOTNULL', ([a, extra]) => (a && !extra ? { kind: 'not', operand: nullTest(a) } : undefined)],
  ['EQUAL_NULL', ([a, b, extra]) => (a && b && !extra ? nullSafeEqual(a, b) : undefined)],
  ['ISNAN', ([a, extra]) => onColumn(a, extra, ref => ({ kind: 'isNan', ref }))],
  ['STARTSWITH', startsWithCondition],
  ['STARTS_WITH', startsWithCondition],
])

function startsWithCondition([a, b, extra]: readonly Operand[]): Predicate | undefined {
  const prefix = b && textOf(b)
  if (prefix === undefined) return undefined
  return onColumn(a, extra, ref => ({ kind: 'startsWith', ref, prefix }))
}

function onColumn(
  operand: Operand | undefined,
  extra: Operand | undefined,
  build: (ref: Reference) => Predicate,
): Predicate | undefined {
  if (operand?.kind !== 'column' || extra !== undefined) return undefined
  return build({ names: operand.names })
}
