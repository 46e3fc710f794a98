import {
  type DataType,
  type FieldPath,
  type Leaf,
  type Literal,
  leafOf,
  type Predicate,
  type Reference,
  type Schema,
  TableError,
} from '@spillway/core'
import { compareWithLiteral, equalsAny } from './comparison-sql.js'
import { quoteText } from './sql-text.js'

/**
 * `predicate` as DuckDB SQL with the three-valued logic and the float order of Spark: NaN equals itself and is above
 * everything, and an unknown part is refused, because rows must be exact. `columnSql` spells a column.
 */
export function predicateSql(
  predicate: Predicate,
  schema: Schema,
  columnSql: (path: FieldPath) => string,
): string {
  return spell(predicate, { schema, columnSql, depth: 0 })
}

/** Deeper predicates are refused: neither this walk nor DuckDB's parser may exhaust the stack. */
const MAX_DEPTH = 250

interface Spelling {
  readonly schema: Schema
  readonly columnSql: (path: FieldPath) => string
  readonly depth: number
}

function spell(predicate: Predicate, spelling: Spelling): string {
  const { schema, columnSql, depth } = spelling
  const below = (operand: Predicate) => spell(operand, { ...spelling, depth: depth + 1 })
  if (depth > MAX_DEPTH) {
    throw new TableError(
      'INVALID_REQUEST',
      `the predicate is nested deeper than ${MAX_DEPTH} levels`,
    )
  }
  switch (predicate.kind) {
    case 'alwaysTrue':
      return 'TRUE'
    case 'alwaysFalse':
      return 'FALSE'
    case 'unknown':
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `rows cannot be chosen exactly: ${predicate.reason}`,
      )
    case 'and':
    case 'or':
      return junction(predicate.kind, predicate.operands.map(below))
    case 'not':
      return `(NOT ${below(predicate.operand)})`
    default: {
      const path = resolve(predicate.ref, schema)
      return leafSql(predicate, columnSql(path), leafOf(path).type)
    }
  }
}

function junction(kind: 'and' | 'or', parts: readonly string[]): string {
  if (parts.length === 0) return kind === 'and' ? 'TRUE' : 'FALSE'
  return `(${parts.join(kind === 'and' ? ' AND ' : ' OR ')})`
}

function resolve(ref: Reference, schema: Schema): FieldPath {
  const [name] = ref.names
  // JSON hints spell a nested column as one dotted name; a column that has the dots itself comes first.
  const dotted = ref.names.length === 1 && name?.includes('.') ? name.split('.') : []
  const path = schema.find(ref.names) ?? schema.find(dotted)
  if (path !== undefined) return path
  const known = schema.fields.map(({ name }) => name)
  const spelled = ref.names.join('.')
  if (ref.names.length > 1 && known.includes(spelled)) throw dottedName(spelled)
  const listed = known.length > 20 ? `${known.slice(0, 20).join(', ')}, ...` : known.join(', ')
  throw new TableError(
    'INVALID_REQUEST',
    `the table has no column ${spelled}; its columns are ${listed}`,
    { context: { column: spelled } },
  )
}

/** Without quotes a dot leads into a struct. */
function dottedName(name: string): TableError {
  const [outer, ...inner] = name.split('.')
  return new TableError(
    'INVALID_REQUEST',
    `the table has no column ${outer} with a field ${inner.join('.')} in it; its column of that name is written in quotes: "${name.replaceAll('"', '""')}"`,
    { context: { column: name } },
  )
}

function leafSql(leaf: Leaf<Reference, Literal>, column: string, type: DataType): string {
  switch (leaf.kind) {
    case 'isNull':
      return `(${column} IS NULL)`
    case 'notNull':
      return `(${column} IS NOT NULL)`
    case 'isNan':
      return nanSql(column, type)
    case 'notNan':
      return `(NOT ${nanSql(column, type)})`
    case 'comparison':
      return compareWithLiteral(leaf.op, column, { type, literal: leaf.value })
    case 'in':
      return equalsAny(column, type, leaf.values)
    case 'notIn':
      return `(NOT ${equalsAny(column, type, leaf.values)})`
    case 'startsWith':
      return prefixSql(column, type, leaf.prefix)
    case 'notStartsWith':
      return `(NOT ${prefixSql(column, type, leaf.prefix)})`
  }
}

/** Spark's isnan is false, not null, for null. */
function nanSql(column: string, type: DataType): string {
  return type === 'float' || type === 'double' ? `coalesce(isnan(${column}), FALSE)` : 'FALSE'
}

function prefixSql(column: string, type: DataType, prefix: string): string {
  if (type !== 'string') {
    throw new TableError('UNSUPPORTED_FEATURE', 'LIKE is known for string columns alone')
  }
  return `starts_with(${column}, ${quoteText(prefix)})`
}
