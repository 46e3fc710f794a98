import type { PrimitiveType } from './schema.js'
import type { Value } from './value.js'

/**
 * A literal before `bind`: its exact value in the representation of `type`. A SQL `1.50` is
 * `{ value: 150n, type: decimal(3,2) }`, so nothing is rounded before the column's type is known.
 */
export interface Literal {
  readonly value: Value
  readonly type: PrimitiveType
  /** Compared as the type it names: a text is not cast to the column's type (JSON hints name the column's type too). */
  readonly asTyped?: true
}

/** A literal of the type that a plain JavaScript value most naturally has. */
export function literal(value: Value): Literal {
  switch (typeof value) {
    case 'boolean':
      return { value, type: 'boolean' }
    case 'bigint':
      return { value, type: 'long' }
    case 'number':
      return Number.isSafeInteger(value)
        ? { value: BigInt(value), type: 'long' }
        : { value, type: 'double' }
    case 'string':
      return { value, type: 'string' }
    default:
      return { value, type: 'binary' }
  }
}
