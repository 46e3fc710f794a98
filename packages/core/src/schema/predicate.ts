import { type Literal, literal } from './literal.js'
import type { FieldPath } from './schema.js'
import type { Value } from './value.js'

export type ComparisonOp = 'eq' | 'notEq' | 'lt' | 'ltEq' | 'gt' | 'gtEq'

/** As SQL writes them. */
export const COMPARISON_SYMBOLS: Readonly<Record<ComparisonOp, string>> = {
  eq: '=',
  notEq: '<>',
  lt: '<',
  ltEq: '<=',
  gt: '>',
  gtEq: '>=',
}

/** What holds where the other does not, of values that are not null. NaN has its place among numbers only where an order gives it one. */
export const NEGATED_COMPARISONS: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  eq: 'notEq',
  notEq: 'eq',
  lt: 'gtEq',
  ltEq: 'gt',
  gt: 'ltEq',
  gtEq: 'lt',
}

/** `Lit` is `Literal` before `bind` and `Value`, already of the column's type, after it. */
export type Leaf<Ref, Lit> =
  | { readonly kind: 'isNull' | 'notNull' | 'isNan' | 'notNan'; readonly ref: Ref }
  | {
      readonly kind: 'comparison'
      readonly op: ComparisonOp
      readonly ref: Ref
      readonly value: Lit
    }
  | { readonly kind: 'startsWith' | 'notStartsWith'; readonly ref: Ref; readonly prefix: string }
  | { readonly kind: 'in' | 'notIn'; readonly ref: Ref; readonly values: readonly Lit[] }

/** NOT is gone: what `prune` takes. */
type Positive<Ref, Lit> =
  | Leaf<Ref, Lit>
  | { readonly kind: 'alwaysTrue' | 'alwaysFalse' }
  /** What was understood too little of to evaluate. Keeps every file, and so does its negation. */
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Positive<Ref, Lit>[] }

export type Predicate<Ref = Reference, Lit = Literal> =
  | Leaf<Ref, Lit>
  | { readonly kind: 'alwaysTrue' | 'alwaysFalse' }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Predicate<Ref, Lit>[] }
  | { readonly kind: 'not'; readonly operand: Predicate<Ref, Lit> }

/** A column by name, before `bind`. */
export interface Reference {
  readonly names: readonly string[]
}

/** A column resolved against a schema; literals beside it already have its type. */
export interface BoundReference {
  readonly path: FieldPath
}

export type BoundPredicate = Predicate<BoundReference, Value>
export type PrunePredicate = Positive<BoundReference, Value>

type Name = string | readonly string[]

/** A column by its logical name; an array names a nested field part by part. */
export function column(name: Name): Reference {
  return { names: typeof name === 'string' ? [name] : name }
}

function comparison(op: ComparisonOp) {
  return (name: Name, value: Value | Literal): Predicate => ({
    kind: 'comparison',
    op,
    ref: column(name),
    value: toLiteral(value),
  })
}

function toLiteral(value: Value | Literal): Literal {
  return typeof value === 'object' && 'type' in value ? value : literal(value)
}

/** Column = value: `eq('day', '2026-01-31')`. Null, and what is not equal, do not match. */
export const eq = comparison('eq')
/** Column <> value, neither being null. */
export const notEq = comparison('notEq')
/** Column < value. NaN is greater than every number. */
export const lt = comparison('lt')
/** Column <= value. */
export const ltEq = comparison('ltEq')
/** Column > value. */
export const gt = comparison('gt')
/** Column >= value. */
export const gtEq = comparison('gtEq')

/** The column has no value. */
export function isNull(name: Name): Predicate {
  return { kind: 'isNull', ref: column(name) }
}
/** The column has a value. */
export function notNull(name: Name): Predicate {
  return { kind: 'notNull', ref: column(name) }
}
/** The column equals one of the values; none of an empty list. */
export function isIn(name: Name, values: readonly (Value | Literal)[]): Predicate {
  return { kind: 'in', ref: column(name), values: values.map(toLiteral) }
}
/** The text begins with `prefix`, byte for byte. */
export function startsWith(name: Name, prefix: string): Predicate {
  return { kind: 'startsWith', ref: column(name), prefix }
}
/** All of them; without any, every row. */
export function and(...operands: readonly Predicate[]): Predicate {
  return operands.length === 1 ? operands[0]! : { kind: 'and', operands }
}
/** At least one of them; without any, no row. */
export function or(...operands: readonly Predicate[]): Predicate {
  return operands.length === 1 ? operands[0]! : { kind: 'or', operands }
}
/** The rows for which `operand` is false: not those for which it is null, as in SQL. */
export function not(operand: Predicate): Predicate {
  return { kind: 'not', operand }
}
/** What was understood too little of to rule a file out; whoever reads rows by it refuses. */
export function unknown(reason: string): Predicate {
  return { kind: 'unknown', reason }
}
