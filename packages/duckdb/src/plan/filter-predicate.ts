import {
  type ComparisonOp,
  type FieldPath,
  type JsonValue,
  type Literal,
  leafOf,
  type Predicate,
  type PrimitiveType,
  unknown,
} from '@spillway/core'
import { constantText, isNode, literalOf, type Node, nodes } from './filter-literal.js'

/** The column of the table behind a column of the plan. */
export type ColumnOf = (name: string) => FieldPath | undefined

const MAX_DEPTH = 200

/**
 * A filter of DuckDB's plan as a predicate that is true for at least the rows the filter lets through: what is not
 * understood is `unknown` in its place, and BETWEEN, which the plan prints alike with and without its ends, has both.
 */
export function filterPredicate(expression: JsonValue, columnOf: ColumnOf): Predicate {
  return walk(expression, { columnOf, depth: 0, negated: false })
}

interface Place {
  readonly columnOf: ColumnOf
  readonly depth: number
  /** Under an odd number of NOTs, where what is wider must be narrower. */
  readonly negated: boolean
}

const COMPARISONS: ReadonlyMap<string, ComparisonOp> = new Map([
  ['COMPARE_EQUAL', 'eq'],
  ['COMPARE_NOTEQUAL', 'notEq'],
  ['COMPARE_LESSTHAN', 'lt'],
  ['COMPARE_LESSTHANOREQUALTO', 'ltEq'],
  ['COMPARE_GREATERTHAN', 'gt'],
  ['COMPARE_GREATERTHANOREQUALTO', 'gtEq'],
])

function walk(json: JsonValue | undefined, place: Place): Predicate {
  if (!isNode(json) || place.depth > MAX_DEPTH) return unknown('an expression of another kind')
  const below = { ...place, depth: place.depth + 1 }
  switch (json.class) {
    case 'CONJUNCTION': {
      const operands = nodes(json.children).map(child => walk(child, below))
      return { kind: json.type === 'CONJUNCTION_AND' ? 'and' : 'or', operands }
    }
    case 'COMPARISON':
      return comparison(json, place)
    case 'BETWEEN':
      return between(json, place)
    case 'OPERATOR':
      return operator(json, below)
    case 'FUNCTION':
      return prefixOf(json, place)
    case 'COLUMN_REF':
      return bareColumn(json, place)
    default:
      return unknown(`an expression of class ${String(json.class)}`)
  }
}

function comparison(node: Node, { columnOf }: Place): Predicate {
  const column = columnPath(node.left, columnOf)
  if (column === undefined) return unknown('a comparison of more than a column with a constant')
  if (node.type === 'COMPARE_NOT_DISTINCT_FROM') {
    const literal = literalOf(node.right, typeOf(column))
    return literal === undefined ? unknown('IS NOT DISTINCT FROM') : compare('eq', column, literal)
  }
  const op = COMPARISONS.get(String(node.type))
  const literal = op && literalOf(node.right, typeOf(column))
  if (op === undefined || literal === undefined) return unknown('a constant of another kind')
  return compare(op, column, literal)
}

function between(node: Node, { columnOf, negated }: Place): Predicate {
  if (negated) return unknown('NOT BETWEEN, whose ends are not known')
  const column = columnPath(node.input, columnOf)
  const lower = column && literalOf(node.lower, typeOf(column))
  const upper = column && literalOf(node.upper, typeOf(column))
  if (column === undefined || lower === undefined || upper === undefined) {
    return unknown('BETWEEN of something else than constants')
  }
  return {
    kind: 'and',
    operands: [compare('gtEq', column, lower), compare('ltEq', column, upper)],
  }
}

function operator(node: Node, place: Place): Predicate {
  const [first, ...rest] = nodes(node.children)
  switch (node.type) {
    case 'OPERATOR_NOT':
      return { kind: 'not', operand: walk(first, { ...place, negated: !place.negated }) }
    case 'OPERATOR_IS_NULL':
    case 'OPERATOR_IS_NOT_NULL': {
      const column = columnPath(first, place.columnOf)
      if (column === undefined) return unknown('IS NULL of an expression')
      return { kind: node.type === 'OPERATOR_IS_NULL' ? 'isNull' : 'notNull', ref: refOf(column) }
    }
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN': {
      const column = columnPath(first, place.columnOf)
      const values = column && rest.map(value => literalOf(value, typeOf(column)))
      if (column === undefined || values === undefined || values.includes(undefined)) {
        return unknown('IN of something else than constants')
      }
      const kind = node.type === 'COMPARE_IN' ? 'in' : 'notIn'
      return { kind, ref: refOf(column), values: values as readonly Literal[] }
    }
    default:
      return unknown(`an operator ${String(node.type)}`)
  }
}

/** LIKE 'abc%' comes out of the plan as prefix(). */
function prefixOf(node: Node, { columnOf }: Place): Predicate {
  const name = String(node.function_name)
  const [subject, prefix] = nodes(node.children)
  const path = name === 'struct_extract' ? columnPath(node, columnOf) : undefined
  if (path !== undefined) return truth(path)
  const column = columnPath(subject, columnOf)
  const literal = column && typeOf(column) === 'string' ? literalOf(prefix, 'string') : undefined
  if ((name !== 'prefix' && name !== 'starts_with') || column === undefined) {
    return unknown(`a function ${name}`)
  }
  if (literal === undefined) return unknown('a prefix that is no constant')
  return { kind: 'startsWith', ref: refOf(column), prefix: literal.value as string }
}

function bareColumn(node: Node, { columnOf }: Place): Predicate {
  const column = columnPath(node, columnOf)
  return column === undefined ? unknown('a column of another table') : truth(column)
}

function truth(column: FieldPath): Predicate {
  if (typeOf(column) !== 'boolean') return unknown('a column that is no condition')
  return compare('eq', column, { value: true, type: 'boolean' })
}

function compare(op: ComparisonOp, column: FieldPath, value: Literal): Predicate {
  return { kind: 'comparison', op, ref: refOf(column), value }
}

function refOf(path: FieldPath): { readonly names: readonly string[] } {
  return { names: path.map(({ name }) => name) }
}

function typeOf(path: FieldPath): PrimitiveType | undefined {
  const { type } = leafOf(path)
  if (typeof type === 'string') return type
  return type.kind === 'decimal' ? type : undefined
}

/** `c`, `c.a` or struct_extract(c, 'a'), also behind a cast between integers, which changes no value. */
function columnPath(json: JsonValue | undefined, columnOf: ColumnOf): FieldPath | undefined {
  if (!isNode(json)) return undefined
  switch (json.class) {
    case 'COLUMN_REF': {
      const [name, ...rest] = Array.isArray(json.column_names) ? json.column_names : []
      const top = typeof name === 'string' ? columnOf(name) : undefined
      return rest.reduce<FieldPath | undefined>((path, part) => path && child(path, part), top)
    }
    case 'FUNCTION': {
      if (json.function_name !== 'struct_extract') return undefined
      const [struct, name] = nodes(json.children)
      const above = columnPath(struct, columnOf)
      return above && child(above, constantText(name))
    }
    case 'CAST': {
      const path = columnPath(json.child, columnOf)
      const type = path && typeOf(path)
      const target = isNode(json.cast_type) ? String(json.cast_type.id) : ''
      const exact = json.try_cast !== true && /^(BIGINT|HUGEINT)$/.test(target)
      return exact && (type === 'int' || type === 'long') ? path : undefined
    }
    default:
      return undefined
  }
}

function child(path: FieldPath, name: JsonValue | undefined): FieldPath | undefined {
  const { type } = leafOf(path)
  if (typeof type === 'string' || type.kind !== 'struct' || typeof name !== 'string') {
    return undefined
  }
  const field = type.fields.find(each => each.name === name)
  return field && [...path, field]
}
