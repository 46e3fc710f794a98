import {
  type BoundReference,
  type Leaf,
  type Literal,
  leafOf,
  type Predicate,
  type PrimitiveType,
  type PrunePredicate,
  type Value,
} from '@spillway/core'

/** Bound names and values back into what prints. */
export function unbound(predicate: PrunePredicate): Predicate {
  switch (predicate.kind) {
    case 'alwaysTrue':
    case 'alwaysFalse':
    case 'unknown':
      return predicate
    case 'and':
    case 'or':
      return { kind: predicate.kind, operands: predicate.operands.map(unbound) }
    default:
      return unboundLeaf(predicate)
  }
}

function unboundLeaf(leaf: Leaf<BoundReference, Value>): Predicate {
  const ref = { names: leaf.ref.path.map(field => field.name) }
  const type = leafOf(leaf.ref.path).type as PrimitiveType
  const literal = (value: Value): Literal => ({ value, type })
  switch (leaf.kind) {
    case 'comparison':
      return { kind: 'comparison', op: leaf.op, ref, value: literal(leaf.value) }
    case 'in':
    case 'notIn':
      return { kind: leaf.kind, ref, values: leaf.values.map(literal) }
    case 'startsWith':
    case 'notStartsWith':
      return { kind: leaf.kind, ref, prefix: leaf.prefix }
    default:
      return { kind: leaf.kind, ref }
  }
}
