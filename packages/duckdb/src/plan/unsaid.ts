import type { Predicate } from '@spillway/core'

/** Why a part of a filter is not sent. */
export function unsaid(predicate: Predicate): string {
  const of = 'ref' in predicate ? ` of ${predicate.ref.names.join('.')}` : ''
  return `${predicate.kind}${of} cannot be said in a hint`
}
