import {
  COMPARISON_SYMBOLS,
  dateText,
  decimalText,
  hexText,
  type Literal,
  type Predicate,
  type Reference,
  timestampText,
  typeName,
} from '@spillway/core'

const MAX_DEPTH = 20
const MAX_LENGTH = 500

/** A predicate as SQL, for people: cut short where it is deep or long. */
export function predicateText(predicate: Predicate): string {
  const text = render(predicate, 0)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text
}

function render(predicate: Predicate, depth: number): string {
  if (depth > MAX_DEPTH) return '...'
  switch (predicate.kind) {
    case 'alwaysTrue':
      return 'TRUE'
    case 'alwaysFalse':
      return 'FALSE'
    case 'unknown':
      return `UNKNOWN (${predicate.reason})`
    case 'not':
      return `NOT (${render(predicate.operand, depth + 1)})`
    case 'and':
    case 'or':
      return joined(predicate.operands, predicate.kind, depth)
    case 'isNull':
      return `${name(predicate.ref)} IS NULL`
    case 'notNull':
      return `${name(predicate.ref)} IS NOT NULL`
    case 'isNan':
      return `isnan(${name(predicate.ref)})`
    case 'notNan':
      return `NOT isnan(${name(predicate.ref)})`
    case 'comparison':
      return `${name(predicate.ref)} ${COMPARISON_SYMBOLS[predicate.op]} ${literalText(predicate.value)}`
    case 'startsWith':
    case 'notStartsWith': {
      const not = predicate.kind === 'startsWith' ? '' : 'NOT '
      const pattern = predicate.prefix.replace(/[%_\\]/g, '\\$&').replaceAll("'", "''")
      return `${name(predicate.ref)} ${not}LIKE '${pattern}%'`
    }
    case 'in':
    case 'notIn': {
      const shown = predicate.values.slice(0, 50).map(literalText)
      if (shown.length < predicate.values.length) shown.push('...')
      return `${name(predicate.ref)} ${predicate.kind === 'in' ? '' : 'NOT '}IN (${shown.join(', ')})`
    }
  }
}

function joined(operands: readonly Predicate[], kind: 'and' | 'or', depth: number): string {
  const parts = operands.slice(0, 50).map(operand => {
    const text = render(operand, depth + 1)
    return operand.kind === 'and' || operand.kind === 'or' ? `(${text})` : text
  })
  if (operands.length > parts.length) parts.push('...')
  return parts.join(kind === 'and' ? ' AND ' : ' OR ')
}

function name(ref: Reference): string {
  return ref.names
    .map(part => (/^[A-Za-z_]\w*$/.test(part) ? part : `\`${part.replaceAll('`', '``')}\``))
    .join('.')
}

/** A literal with the word for its type where the text alone would not tell. */
export function literalText({ value, type }: Literal): string {
  if (value instanceof Uint8Array) {
    return `X'${hexText(value.subarray(0, 64))}'`
  }
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (typeof type === 'object' && type.kind === 'decimal')
    return scaledText(value as bigint, type.scale)
  if (type === 'date') return `DATE '${dateText(value as number)}'`
  if (type === 'timestamp' || type === 'timestamptz') {
    return `TIMESTAMP '${timestampText(value as bigint, 6)}${type === 'timestamptz' ? 'Z' : ''}'`
  }
  return typeof type === 'string' && !PLAIN.has(type) ? `${typeName(type)} ${value}` : String(value)
}

const PLAIN: ReadonlySet<string> = new Set(['boolean', 'int', 'long', 'float', 'double'])

function scaledText(unscaled: bigint, scale: number): string {
  if (scale < 0) return `${unscaled}${'0'.repeat(Math.min(-scale, 50))}`
  return decimalText(unscaled, scale)
}
