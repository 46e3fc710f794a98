import {
  type BoundPredicate,
  type BoundReference,
  type Leaf,
  leafOf,
  NEGATED_COMPARISONS,
  type PrunePredicate,
  type Value,
} from '@spillway/core'

type BoundLeaf = Leaf<BoundReference, Value>

/**
 * Stands where engines disagree. `certain OR (DISPUTED AND possible)` keeps what any of them may match, and claims for
 * sure only what all of them do. Not reported as unapplied, since all but the disputed values are used.
 */
export const DISPUTED: PrunePredicate = { kind: 'unknown', reason: 'engines differ here' }

/** `predicate` with every NOT pushed into a leaf, where it disappears. */
export function rewriteNot(predicate: BoundPredicate): PrunePredicate {
  return push(predicate, false)
}

/**
 * `predicate IS NOT TRUE`: its negation, or a column it reads is null (or NaN, where engines disagree). Taken leaf by
 * leaf, which is exact: an AND is not true when an operand is not, an OR when none is.
 */
export function notTrue(predicate: PrunePredicate): PrunePredicate {
  switch (predicate.kind) {
    case 'alwaysTrue':
      return { kind: 'alwaysFalse' }
    case 'alwaysFalse':
      return { kind: 'alwaysTrue' }
    case 'unknown':
      return predicate
    case 'and':
      return { kind: 'or', operands: predicate.operands.map(notTrue) }
    case 'or':
      return { kind: 'and', operands: predicate.operands.map(notTrue) }
    default:
      return leafNotTrue(predicate)
  }
}

function push(predicate: BoundPredicate, negated: boolean): PrunePredicate {
  switch (predicate.kind) {
    case 'not':
      return push(predicate.operand, !negated)
    case 'alwaysTrue':
    case 'alwaysFalse':
      return { kind: (predicate.kind === 'alwaysTrue') !== negated ? 'alwaysTrue' : 'alwaysFalse' }
    case 'unknown':
      return predicate
    case 'and':
    case 'or':
      return {
        kind: (predicate.kind === 'and') !== negated ? 'and' : 'or',
        operands: predicate.operands.map(operand => push(operand, negated)),
      }
    default:
      return negated ? negate(predicate) : predicate
  }
}

/** Where SQL says NOT leaf: nulls match neither. NaN may, since `NOT (NaN < 1)` holds in some engines. */
function negate(leaf: BoundLeaf): PrunePredicate {
  switch (leaf.kind) {
    case 'comparison': {
      const negated: BoundLeaf = { ...leaf, op: NEGATED_COMPARISONS[leaf.op] }
      if (leaf.op === 'eq' || leaf.op === 'notEq' || !mayBeNan(leaf.ref)) return negated
      const nan: PrunePredicate = {
        kind: 'and',
        operands: [DISPUTED, { kind: 'isNan', ref: leaf.ref }],
      }
      return { kind: 'or', operands: [negated, nan] }
    }
    case 'in':
      return { kind: 'notIn', ref: leaf.ref, values: leaf.values }
    case 'notIn':
      return { kind: 'in', ref: leaf.ref, values: leaf.values }
    case 'startsWith':
      return { kind: 'notStartsWith', ref: leaf.ref, prefix: leaf.prefix }
    case 'notStartsWith':
      return { kind: 'startsWith', ref: leaf.ref, prefix: leaf.prefix }
    case 'isNull':
      return { kind: 'notNull', ref: leaf.ref }
    case 'notNull':
      return { kind: 'isNull', ref: leaf.ref }
    case 'isNan':
      return { kind: 'notNan', ref: leaf.ref }
    case 'notNan':
      return { kind: 'isNan', ref: leaf.ref }
  }
}

function leafNotTrue(leaf: BoundLeaf): PrunePredicate {
  const negated = negate(leaf)
  if (leaf.kind === 'isNull' || leaf.kind === 'notNull') return negated
  const { ref } = leaf
  const operands: PrunePredicate[] = [negated, { kind: 'isNull', ref }]
  if (mayBeNan(ref) && leaf.kind !== 'isNan' && leaf.kind !== 'notNan') {
    operands.push({ kind: 'isNan', ref })
  }
  return { kind: 'or', operands }
}

/** Only float and double columns can hold NaN. */
export function mayBeNan(ref: BoundReference): boolean {
  const { type } = leafOf(ref.path)
  return type === 'float' || type === 'double'
}
