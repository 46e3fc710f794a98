import {
  COMPARISON_SYMBOLS,
  type ComparisonOp,
  dateText,
  decimalText,
  hexText,
  type Leaf,
  type Literal,
  type Predicate,
  type Reference,
  timestampText,
} from '@spillway/core'
import { unsaid } from './unsaid.js'

/**
 * A predicate without negations as SQL that `parseSqlPredicate` of the protocol reads as the same; undefined where nothing can
 * be said. Parts that cannot be said, and may not be left out, are put into `unhinted`.
 */
export function sqlHint(predicate: Predicate, unhinted: string[], depth = 0): string | undefined {
  switch (predicate.kind) {
    case 'and': {
      const parts = predicate.operands.map(each => sqlHint(each, unhinted, depth + 1))
      return joined(
        'AND',
        parts.filter(part => part !== undefined),
      )
    }
    case 'or': {
      const parts = predicate.operands.map(each => sqlHint(each, unhinted, depth + 1))
      return parts.includes(undefined) ? undefined : joined('OR', parts as readonly string[])
    }
    case 'alwaysTrue':
      return undefined
    case 'alwaysFalse':
      return 'FALSE'
    case 'unknown':
    case 'not':
      unhinted.push(predicate.kind === 'not' ? unsaid(predicate) : predicate.reason)
      return undefined
    default: {
      const text = depth > MAX_DEPTH ? undefined : leafText(predicate)
      if (text === undefined) unhinted.push(unsaid(predicate))
      return text
    }
  }
}

/** Servers look at a hundred levels. */
const MAX_DEPTH = 90

function joined(word: 'AND' | 'OR', parts: readonly string[]): string | undefined {
  if (parts.length < 2) return parts[0]
  return `(${parts.join(` ${word} `)})`
}

function leafText(leaf: Leaf<Reference, Literal>): string | undefined {
  const column = leaf.ref.names.map(name => `\`${name.replaceAll('`', '``')}\``).join('.')
  switch (leaf.kind) {
    case 'isNull':
      return `${column} IS NULL`
    case 'notNull':
      return `${column} IS NOT NULL`
    case 'isNan':
      return `isnan(${column})`
    case 'notNan':
      return `NOT isnan(${column})`
    case 'startsWith':
    case 'notStartsWith': {
      const prefix = textLiteral(leaf.prefix)
      const not = leaf.kind === 'startsWith' ? '' : 'NOT '
      return prefix && `${not}startswith(${column}, ${prefix})`
    }
    case 'in':
    case 'notIn': {
      const values = leaf.values.map(literalText)
      if (values.length === 0 || values.includes(undefined)) return undefined
      return `${column} ${leaf.kind === 'in' ? '' : 'NOT '}IN (${values.join(', ')})`
    }
    case 'comparison':
      return comparisonText(column, leaf.op, leaf.value)
  }
}

function comparisonText(column: string, op: ComparisonOp, literal: Literal): string | undefined {
  const { value } = literal
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
    return besideInfinity(column, op, { single: literal.type === 'float', sign: Math.sign(value) })
  }
  const text = literalText(literal)
  return text && `${column} ${COMPARISON_SYMBOLS[op]} ${text}`
}

/** SQL has no word for infinity: the largest number stands before it. */
function besideInfinity(
  column: string,
  op: ComparisonOp,
  { single, sign }: { readonly single: boolean; readonly sign: number },
): string {
  const end = floatingText(sign * (single ? MAX_FLOAT : Number.MAX_VALUE), single)
  const isAbove = sign > 0
  switch (op) {
    case 'eq':
      return `${column} ${isAbove ? '>' : '<'} ${end}`
    case 'gt':
      return isAbove ? `isnan(${column})` : `${column} >= ${end}`
    case 'gtEq':
      return isAbove ? `${column} > ${end}` : `${column} IS NOT NULL`
    case 'lt':
      return isAbove ? `${column} <= ${end}` : 'FALSE'
    case 'ltEq':
      return isAbove ? `${column} IS NOT NULL` : `${column} < ${end}`
    case 'notEq':
      return `${column} IS NOT NULL`
  }
}

const MAX_FLOAT = (2 - 2 ** -23) * 2 ** 127

function floatingText(value: number, single: boolean): string {
  return `${value}${single ? 'F' : 'D'}`
}

function literalText({ value, type }: Literal): string | undefined {
  if (typeof type === 'object') {
    return type.kind === 'decimal' && type.scale >= 0
      ? `${decimalText(value as bigint, type.scale)}BD`
      : undefined
  }
  switch (type) {
    case 'boolean':
      return value === true ? 'TRUE' : 'FALSE'
    case 'int':
    case 'long':
      return String(value)
    case 'float':
    case 'double':
      return Number.isFinite(value) ? floatingText(value as number, type === 'float') : undefined
    case 'string':
      return textLiteral(value as string)
    case 'binary':
      return `X'${hexText(value as Uint8Array)}'`
    case 'date':
      return fourDigits(dateText(value as number), text => `DATE '${text}'`)
    case 'timestamp':
      return fourDigits(timestampText(value as bigint, 6), text => `TIMESTAMP_NTZ '${text}'`)
    case 'timestamptz':
      return fourDigits(timestampText(value as bigint, 6), text => `TIMESTAMP '${text}Z'`)
    default:
      return undefined
  }
}

/** Years before 1 and past 9999 have no date or timestamp of SQL that everybody reads alike. */
function fourDigits(text: string, spell: (text: string) => string): string | undefined {
  return /^(?!0000)\d{4}-/.test(text) ? spell(text) : undefined
}

/** A backslash escapes, a quote is doubled. Undefined for half a surrogate pair, which UTF-8 cannot hold. */
function textLiteral(text: string): string | undefined {
  if (/\p{Surrogate}/u.test(text)) return undefined
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
