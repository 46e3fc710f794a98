import { type DataType, type Literal, typeName, type Value } from '@spillway/core'

/**
 * What a literal is beside a column. `gap`: strictly between two neighbouring values of the type, or beyond all of
 * them where a side is absent. `range`: engines differ, and every meaning lies in [low, high].
 */
export type BoundLiteral =
  | { readonly kind: 'exact'; readonly value: Value }
  | { readonly kind: 'gap'; readonly below?: Value; readonly above?: Value }
  | { readonly kind: 'range'; readonly low: Value; readonly high: Value }
  | { readonly kind: 'incomparable'; readonly reason: string }

/**
 * A timestamp literal without a zone beside a column with one, or the reverse: `utc` reads it as UTC, `unknown`
 * allows for every zone. Prune with `utc` only where the reader of the rows is known to run in UTC.
 */
export type ZonelessLiterals = 'utc' | 'unknown'

export interface CoerceOptions {
  readonly zonelessLiterals?: ZonelessLiterals
}

/** `ordered`: the comparison is one of < <= > >=, where the order of texts and of numbers differ. */
export interface CoerceContext extends CoerceOptions {
  readonly ordered: boolean
}

export function exact(value: Value): BoundLiteral {
  return { kind: 'exact', value }
}

export function incomparable(reason: string): BoundLiteral {
  return { kind: 'incomparable', reason }
}

export function mismatch(literal: Literal, type: DataType): BoundLiteral {
  return incomparable(`a ${typeName(literal.type)} literal beside a ${typeName(type)} column`)
}
