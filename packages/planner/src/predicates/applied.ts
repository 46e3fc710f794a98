import type { PrunePredicate } from '@spillway/core'
import { predicateText } from './predicate-text.js'
import { unbound } from './unbound.js'

const MAX_LISTED = 100

/** The conditions by which files may be dropped, as SQL: the operands of the outermost AND that can prune. */
export function appliedParts(predicate: PrunePredicate): readonly string[] {
  return conjuncts(predicate)
    .filter(canPrune)
    .slice(0, MAX_LISTED)
    .map(part => predicateText(unbound(part)))
}

function conjuncts(predicate: PrunePredicate): readonly PrunePredicate[] {
  return predicate.kind === 'and' ? predicate.operands.flatMap(conjuncts) : [predicate]
}

/** An AND prunes by any operand, an OR only by all of them together. */
function canPrune(predicate: PrunePredicate): boolean {
  switch (predicate.kind) {
    case 'unknown':
    case 'alwaysTrue':
      return false
    case 'and':
      return predicate.operands.some(canPrune)
    case 'or':
      return predicate.operands.every(canPrune)
    default:
      return true
  }
}
