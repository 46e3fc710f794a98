import type { BoundPredicate, BoundReference, ComparisonOp, Literal, Value } from '@spillway/core'
import { leafOf } from '@spillway/core'
import { DISPUTED } from '../predicates/rewrite-not.js'
import type { BoundLiteral, CoerceOptions } from './bound-literal.js'
import { coerceLiteral } from './literal.js'

/** `ref op literal` for the column's own type, or the reason why it has no meaning there. */
export function bindComparison(
  op: ComparisonOp,
  ref: BoundReference,
  literal: Literal,
  options: CoerceOptions,
): BoundPredicate | string {
  const ordered = op !== 'eq' && op !== 'notEq'
  const coerced = coerceLiteral(literal, leafOf(ref.path).type, { ...options, ordered })
  switch (coerced.kind) {
    case 'exact':
      return compare(op, ref, coerced.value)
    case 'gap':
      return compareGap(op, ref, coerced)
    case 'range':
      return compareRange(op, ref, coerced.low, coerced.high)
    case 'incomparable':
      return coerced.reason
  }
}

/**
 * `in` and `notIn`: exact members stay one list, the others become comparisons of their own. One member that means
 * nothing here makes all of it unusable, since engines bring a list to one type before they compare.
 */
export function bindIn(
  {
    kind,
    values: literals,
  }: { readonly kind: 'in' | 'notIn'; readonly values: readonly Literal[] },
  ref: BoundReference,
  options: CoerceOptions,
): BoundPredicate | string {
  const exact: Value[] = []
  const others: BoundPredicate[] = []
  for (const literal of literals) {
    const coerced = coerceLiteral(literal, leafOf(ref.path).type, { ...options, ordered: false })
    if (coerced.kind === 'incomparable') return coerced.reason
    if (coerced.kind === 'exact') exact.push(coerced.value)
    // A value between two neighbours equals none of the column's.
    if (coerced.kind === 'range') others.push(compareRange('eq', ref, coerced.low, coerced.high))
  }
  const list: BoundPredicate = { kind: 'in', ref, values: exact }
  const any: BoundPredicate =
    others.length === 0 ? list : { kind: 'or', operands: [list, ...others] }
  return kind === 'in' ? any : { kind: 'not', operand: any }
}

function compare(op: ComparisonOp, ref: BoundReference, value: Value): BoundPredicate {
  return { kind: 'comparison', op, ref, value }
}

/**
 * The literal lies strictly between two neighbours of the column's type, or beyond all of them. What holds for no value
 * is an empty list, not `alwaysFalse`: a null matches neither it nor its negation.
 */
function compareGap(
  op: ComparisonOp,
  ref: BoundReference,
  { below, above }: Extract<BoundLiteral, { kind: 'gap' }>,
): BoundPredicate {
  switch (op) {
    case 'eq':
      return { kind: 'in', ref, values: [] }
    case 'notEq':
      return { kind: 'notIn', ref, values: [] }
    case 'lt':
    case 'ltEq':
      return below === undefined ? { kind: 'in', ref, values: [] } : compare('ltEq', ref, below)
    case 'gt':
    case 'gtEq':
      return above === undefined ? { kind: 'in', ref, values: [] } : compare('gtEq', ref, above)
  }
}

/**
 * What the literal means lies somewhere in [low, high]: `certain OR (unknown AND possible)`, whose negation is again
 * no stronger than the negation of any of its meanings.
 */
function compareRange(
  op: ComparisonOp,
  ref: BoundReference,
  low: Value,
  high: Value,
): BoundPredicate {
  switch (op) {
    case 'lt':
    case 'ltEq':
      return certainOr(compare(op, ref, low), compare(op, ref, high))
    case 'gt':
    case 'gtEq':
      return certainOr(compare(op, ref, high), compare(op, ref, low))
    case 'eq':
      return disputed(within(ref, low, high))
    case 'notEq':
      return { kind: 'not', operand: disputed(within(ref, low, high)) }
  }
}

function certainOr(certain: BoundPredicate, possible: BoundPredicate): BoundPredicate {
  return { kind: 'or', operands: [certain, disputed(possible)] }
}

function disputed(possible: BoundPredicate): BoundPredicate {
  return { kind: 'and', operands: [DISPUTED, possible] }
}

function within(ref: BoundReference, low: Value, high: Value): BoundPredicate {
  return { kind: 'and', operands: [compare('gtEq', ref, low), compare('ltEq', ref, high)] }
}
