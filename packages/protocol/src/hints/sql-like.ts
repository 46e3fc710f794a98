import type { Predicate, Reference } from '@spillway/core'

/** What a LIKE pattern says in terms of prefixes; `rest` where it says more than that. */
export interface LikePattern {
  readonly prefix: string
  readonly kind: 'exact' | 'prefix' | 'rest'
}

/** Reads a pattern up to its first wildcard; undefined where its escapes are malformed. */
export function readLikePattern(pattern: string, escapeWith: string): LikePattern | undefined {
  let prefix = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === escapeWith) {
      const escaped = pattern[++at]
      if (escaped === undefined || !['%', '_', escapeWith].includes(escaped)) return undefined
      prefix += escaped
    } else if (character === '%' || character === '_') {
      const rest = pattern.slice(at)
      return { prefix, kind: /^%+$/.test(rest) ? 'prefix' : 'rest' }
    } else {
      prefix += character
    }
  }
  return { prefix, kind: 'exact' }
}

/** `ref LIKE pattern`, as far as prefixes go: `rest` stands in for what they do not say. */
export function likePredicate(
  ref: Reference,
  { prefix, kind }: LikePattern,
  rest: () => Predicate,
): Predicate {
  if (kind === 'exact') {
    return { kind: 'comparison', op: 'eq', ref, value: { value: prefix, type: 'string' } }
  }
  const starts: Predicate = { kind: 'startsWith', ref, prefix }
  return kind === 'prefix' ? starts : { kind: 'and', operands: [starts, rest()] }
}
