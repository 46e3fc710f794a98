import {
  type ComparisonOp,
  type FieldPath,
  type Literal,
  type Predicate,
  type PrimitiveType,
  type Reference,
  unknown,
} from '@spillway/core'
import { type ComparedColumn, scaleOf, typeOf } from './compared-column.js'
import { type Constant, isFloating } from './constants.js'
import { type Preimage, preimageOf } from './preimage.js'

export const NEVER: Predicate = { kind: 'alwaysFalse' }

export function refOf(path: FieldPath): Reference {
  return { names: path.map(({ name }) => name) }
}

/**
 * What is true of every row for which DuckDB finds `column op constant` true, in the column's own type. DuckDB orders NaN above
 * every number and equal to itself; nothing is true of null.
 */
export function comparisonOf(
  op: ComparisonOp,
  column: ComparedColumn,
  constant: Constant,
): Predicate {
  const ref = refOf(column.path)
  const own = typeOf(column.path)
  if (constant.kind === 'null') return NEVER
  if (constant.kind === 'nan') return besideNan(op, ref, own)
  if (constant.kind === 'endOfTime') return besideEnd(op, ref, constant.sign)
  const { literal } = constant
  const isOrdered = typeof literal.value === 'bigint' || typeof literal.value === 'number'
  if (!isOrdered) return besideText(op, ref, literal)
  const values = own && preimageOf(own, literal)
  if (own === undefined || values === undefined) return unknown('a constant of another kind')
  return besideNumber(op, ref, { own, values })
}

function besideText(op: ComparisonOp, ref: Reference, value: Literal): Predicate {
  // Of two values the one that is not this is the other, which servers that take no negation are told.
  if (op === 'notEq' && value.type === 'boolean') {
    return { kind: 'comparison', op: 'eq', ref, value: { ...value, value: value.value !== true } }
  }
  return { kind: 'comparison', op, ref, value }
}

function besideNan(op: ComparisonOp, ref: Reference, own: PrimitiveType | undefined): Predicate {
  const isNumber: Predicate = { kind: 'notNull', ref }
  switch (op) {
    case 'gt':
      return NEVER
    case 'eq':
    case 'gtEq':
      return isFloating(own) ? { kind: 'isNan', ref } : NEVER
    case 'lt':
    case 'notEq':
      return isFloating(own)
        ? { kind: 'and', operands: [{ kind: 'notNan', ref }, isNumber] }
        : isNumber
    case 'ltEq':
      return isNumber
  }
}

/** Rows may hold the end itself, which is no literal of ours. */
function besideEnd(op: ComparisonOp, ref: Reference, sign: 1 | -1): Predicate {
  const inward = sign === 1 ? ['lt', 'ltEq', 'notEq'] : ['gt', 'gtEq', 'notEq']
  return inward.includes(op) ? { kind: 'notNull', ref } : unknown('the end of time')
}

interface Place {
  readonly own: PrimitiveType
  readonly values: Preimage
}

function besideNumber(op: ComparisonOp, ref: Reference, { own, values }: Place): Predicate {
  const { least, greatest } = limitsOf(own)
  const { exact } = values
  if (greatest !== undefined && values.low > greatest) return beyond(op, ref, 1)
  if (least !== undefined && values.high < least) return beyond(op, ref, -1)
  const low = literalOf(least !== undefined && values.low < least ? least : values.low, own)
  const high = literalOf(
    greatest !== undefined && values.high > greatest ? greatest : values.high,
    own,
  )
  const is = (each: ComparisonOp, value: Literal): Predicate => ({
    kind: 'comparison',
    op: each,
    ref,
    value,
  })
  const between: Predicate = { kind: 'and', operands: [is('gtEq', low), is('ltEq', high)] }
  switch (op) {
    case 'eq':
      if (exact && values.low > values.high) return NEVER
      return exact && values.low === values.high ? is('eq', low) : between
    case 'notEq':
      if (!exact || values.low > values.high) return { kind: 'notNull', ref }
      if (values.low === values.high) return is('notEq', low)
      return { kind: 'or', operands: [is('lt', low), is('gt', high)] }
    case 'lt':
      return exact ? is('lt', low) : is('ltEq', high)
    case 'ltEq':
      return is('ltEq', high)
    case 'gt':
      return exact ? is('gt', high) : is('gtEq', low)
    case 'gtEq':
      return is('gtEq', low)
  }
}

/** The constant is above (1) or below every value of the column's type. */
function beyond(op: ComparisonOp, ref: Reference, sign: 1 | -1): Predicate {
  const inward = sign === 1 ? ['lt', 'ltEq', 'notEq'] : ['gt', 'gtEq', 'notEq']
  return inward.includes(op) ? { kind: 'notNull', ref } : NEVER
}

function limitsOf(type: PrimitiveType): { readonly least?: bigint; readonly greatest?: bigint } {
  if (type === 'int') return { least: -(2n ** 31n), greatest: 2n ** 31n - 1n }
  if (type === 'long') return { least: -(2n ** 63n), greatest: 2n ** 63n - 1n }
  if (typeof type === 'string' || type.kind !== 'decimal') return {}
  const greatest = 10n ** BigInt(type.precision) - 1n
  return { least: -greatest, greatest }
}

function literalOf(value: bigint | number, own: PrimitiveType): Literal {
  if (own === 'int' || own === 'long') return { value: BigInt(value), type: 'long' }
  if (own === 'date') return { value: Number(value), type: own }
  if (typeof own === 'string') return { value, type: own }
  return { value, type: { kind: 'decimal', precision: 38, scale: scaleOf(own) } }
}
