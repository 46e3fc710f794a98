import { type BoundPredicate, type FieldPath, leafOf } from '@spillway/core'

/** The columns a bound predicate reads, each once, in the order they are met. */
export function fieldsOf(predicate: BoundPredicate): readonly FieldPath[] {
  const paths = new Map<number, FieldPath>()
  const pending: BoundPredicate[] = [predicate]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    switch (next.kind) {
      case 'alwaysTrue':
      case 'alwaysFalse':
      case 'unknown':
        break
      case 'not':
        pending.push(next.operand)
        break
      case 'and':
      case 'or':
        for (let i = next.operands.length - 1; i >= 0; i--) pending.push(next.operands[i]!)
        break
      default:
        paths.set(leafOf(next.ref.path).id, next.ref.path)
    }
  }
  return [...paths.values()]
}
