import type { ComparisonOp, Literal, Predicate, Reference } from '@spillway/core'

const OPERATORS: Readonly<Record<ComparisonOp, string>> = {
  eq: '=',
  notEq: '<>',
  lt: '<',
  ltEq: '<=',
  gt: '>',
  gtEq: '>=',
}

/** A predicate in one fixed spelling, to be compared: every operand in brackets. */
export function predicateSql(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'alwaysTrue':
      return 'TRUE'
    case 'alwaysFalse':
      return 'FALSE'
    case 'unknown':
      return 'unknown'
    case 'not':
      return `NOT (${predicateSql(predicate.operand)})`
    case 'and':
    case 'or':
      return predicate.operands
        .map(operand => `(${predicateSql(operand)})`)
        .join(predicate.kind === 'and' ? ' AND ' : ' OR ')
    case 'isNull':
      return `${name(predicate.ref)} IS NULL`
    case 'notNull':
      return `${name(predicate.ref)} IS NOT NULL`
    case 'isNan':
      return `isnan(${name(predicate.ref)})`
    case 'notNan':
      return `NOT isnan(${name(predicate.ref)})`
    case 'comparison':
      return `${name(predicate.ref)} ${OPERATORS[predicate.op]} ${literal(predicate.value)}`
    case 'startsWith':
      return `startswith(${name(predicate.ref)}, '${predicate.prefix}')`
    case 'notStartsWith':
      return `NOT startswith(${name(predicate.ref)}, '${predicate.prefix}')`
    case 'in':
      return `${name(predicate.ref)} IN (${predicate.values.map(literal).join(', ')})`
    case 'notIn':
      return `${name(predicate.ref)} NOT IN (${predicate.values.map(literal).join(', ')})`
  }
}

function name({ names }: Reference): string {
  return names.join('.')
}

function literal({ value, type }: Literal): string {
  if (type === 'date') return `DATE '${value}'`
  if (typeof type === 'object' && type.kind === 'decimal') return `${value}/${type.scale}`
  if (typeof value === 'string') return `'${value}'`
  return typeof type === 'string' && type.startsWith('timestamp')
    ? `TIMESTAMP ${value}`
    : String(value)
}
