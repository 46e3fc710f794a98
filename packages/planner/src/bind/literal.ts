import type { DataType, Literal, PrimitiveType } from '@spillway/core'
import {
  type BoundLiteral,
  type CoerceContext,
  exact,
  incomparable,
  mismatch,
} from './bound-literal.js'
import { toDecimal, toFloating, toInteger } from './literal-number.js'
import { toDate, toTime, toTimestamp } from './literal-time.js'

/** `literal` as a value of `type`, as every engine that knows both types would compare them. */
export function coerceLiteral(
  literal: Literal,
  type: DataType,
  context: CoerceContext,
): BoundLiteral {
  if (typeof literal.value === 'number' && Number.isNaN(literal.value)) {
    return incomparable('engines disagree about comparisons with NaN')
  }
  if (typeof type === 'object') {
    switch (type.kind) {
      case 'decimal':
        return toDecimal(literal, type)
      case 'fixed':
        return toBytes(literal, type)
      default:
        return mismatch(literal, type)
    }
  }
  switch (type) {
    case 'boolean':
      return toBoolean(literal)
    case 'int':
    case 'long':
      return toInteger(literal, type, context)
    case 'float':
    case 'double':
      return toFloating(literal, type)
    case 'date':
      return toDate(literal, context)
    case 'time':
      return toTime(literal)
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return toTimestamp(literal, type, context)
    case 'string':
      return toText(literal)
    case 'uuid':
      return toUuid(literal)
    case 'binary':
      return toBytes(literal, type)
  }
}

function toBoolean(literal: Literal): BoundLiteral {
  if (literal.type === 'boolean') return exact(literal.value)
  if (literal.type !== 'string' || literal.asTyped) return mismatch(literal, 'boolean')
  const text = String(literal.value).toLowerCase()
  if (text === 'true' || text === 'false') return exact(text === 'true')
  return incomparable('the text is neither true nor false')
}

function toText(literal: Literal): BoundLiteral {
  if (literal.type !== 'string' || typeof literal.value !== 'string') {
    return mismatch(literal, 'string')
  }
  if (!isWellFormed(literal.value)) return incomparable('the text is not valid Unicode')
  return exact(literal.value)
}

/** False where UTF-8 would not hold the text: half a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

function toUuid(literal: Literal): BoundLiteral {
  if (literal.value instanceof Uint8Array && literal.value.length === 16) {
    return exact(literal.value)
  }
  if (literal.type !== 'string' || typeof literal.value !== 'string' || literal.asTyped) {
    return mismatch(literal, 'uuid')
  }
  const hex = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i
  const parts = hex.exec(literal.value)
  if (parts === null) return incomparable('the text is not a UUID')
  const digits = parts.slice(1).join('')
  return exact(
    Uint8Array.from({ length: 16 }, (_, i) => Number(`0x${digits.slice(i * 2, i * 2 + 2)}`)),
  )
}

function toBytes(literal: Literal, type: PrimitiveType): BoundLiteral {
  return literal.value instanceof Uint8Array ? exact(literal.value) : mismatch(literal, type)
}
