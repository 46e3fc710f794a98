import {
  type ComparisonOp,
  type JsonValue,
  NEGATED_COMPARISONS,
  type Predicate,
  unknown,
} from '@spillway/core'
import { type ColumnOf, type ComparedColumn, comparedColumn } from './compared-column.js'
import { comparisonOf, NEVER, refOf } from './comparison.js'
import { constantBoolean, constantOf, isNode, type Node, nodes } from './constants.js'
import { allOf, anyOf } from './junctions.js'
import { neverEqual } from './long-lists.js'
import { textTest } from './text-tests.js'

export type { ColumnOf } from './compared-column.js'

const MAX_DEPTH = 200

/**
 * A filter of DuckDB's plan as a predicate that is true for at least the rows the filter lets through, without negations: what
 * is not understood is `unknown` in its place, and BETWEEN, which the plan prints alike with and without its ends, has both.
 */
export function filterPredicate(expression: JsonValue, columnOf: ColumnOf): Predicate {
  return rows(expression, { columnOf, depth: 0, wanted: true })
}

interface Place {
  readonly columnOf: ColumnOf
  readonly depth: number
  /** Whether the rows are meant for which the expression is true, or those for which it is false. */
  readonly wanted: boolean
}

const COMPARISONS: ReadonlyMap<unknown, ComparisonOp> = new Map([
  ['COMPARE_EQUAL', 'eq'],
  ['COMPARE_NOTEQUAL', 'notEq'],
  ['COMPARE_LESSTHAN', 'lt'],
  ['COMPARE_LESSTHANOREQUALTO', 'ltEq'],
  ['COMPARE_GREATERTHAN', 'gt'],
  ['COMPARE_GREATERTHANOREQUALTO', 'gtEq'],
])

/** At least the rows for which the expression is what is wanted: null is neither. */
function rows(json: JsonValue | undefined, place: Place): Predicate {
  if (!isNode(json) || place.depth > MAX_DEPTH) return unknown('an expression of another kind')
  const below = { ...place, depth: place.depth + 1 }
  switch (json.class) {
    case 'CONJUNCTION': {
      // An OR of parts that are not found would be true of no row.
      if (!Array.isArray(json.children)) return unknown('a condition whose parts are not shown')
      const operands = nodes(json.children).map(child => rows(child, below))
      // An AND is false where one of its parts is.
      const isAnd = (json.type === 'CONJUNCTION_AND') === place.wanted
      return isAnd ? allOf(operands) : anyOf(operands)
    }
    case 'COMPARISON':
      return comparison(json, below)
    case 'BETWEEN':
      return between(json, place)
    case 'OPERATOR':
      return operator(json, below)
    case 'FUNCTION':
      return bareColumn(json, place) ?? functionTest(json, place)
    case 'COLUMN_REF':
      return bareColumn(json, place) ?? unknown('a column that is no condition')
    default:
      return unknown(`an expression of class ${String(json.class)}`)
  }
}

function comparison(node: Node, place: Place): Predicate {
  const op = COMPARISONS.get(node.type)
  const column = comparedColumn(node.left, place.columnOf)
  if (op === undefined) return distinction(node, column, place)
  const effective = place.wanted ? op : NEGATED_COMPARISONS[op]
  if (neverEqual(node)) return effective === 'eq' ? NEVER : { kind: 'alwaysTrue' }
  if (column !== undefined) {
    const constant = constantOf(node.right, column.type)
    return constant === undefined
      ? unknown('a constant of another kind')
      : comparisonOf(effective, column, constant)
  }
  const truth = constantBoolean(node.right)
  if (truth !== undefined && (effective === 'eq' || effective === 'notEq')) {
    return rows(node.left, { ...place, wanted: truth === (effective === 'eq') })
  }
  return (
    rowEquality(node, effective, place) ??
    textTest(node, effective, place.columnOf) ??
    unknown('a comparison of more than a column with a constant')
  )
}

/** IS [NOT] DISTINCT FROM, which is never null. */
function distinction(node: Node, column: ComparedColumn | undefined, place: Place): Predicate {
  const isSame = node.type === 'COMPARE_NOT_DISTINCT_FROM'
  if (!isSame && node.type !== 'COMPARE_DISTINCT_FROM') return unknown('a comparison of its own')
  const same = isSame === place.wanted
  const truth = constantBoolean(node.right)
  if (column === undefined) {
    return same && truth !== undefined
      ? rows(node.left, { ...place, wanted: truth })
      : unknown('IS DISTINCT FROM of an expression')
  }
  const constant = constantOf(node.right, column.type)
  if (constant === undefined) return unknown('a constant of another kind')
  const ref = refOf(column.path)
  if (constant.kind === 'null') {
    if (!same) return { kind: 'notNull', ref }
    return column.isCast ? unknown('NULL of a cast') : { kind: 'isNull', ref }
  }
  if (same) return comparisonOf('eq', column, constant)
  if (column.isCast) return unknown('IS DISTINCT FROM of a cast')
  return anyOf([{ kind: 'isNull', ref }, comparisonOf('notEq', column, constant)])
}

/** `(a, b) = (1, 2)`: every part is equal. */
function rowEquality(
  { left, right }: Node,
  op: ComparisonOp,
  { columnOf }: Place,
): Predicate | undefined {
  if (op !== 'eq' || !isNode(left) || !isNode(right)) return undefined
  if (left.function_name !== 'row' || right.function_name !== 'row') return undefined
  const values = nodes(right.children)
  const columns = nodes(left.children)
  if (columns.length === 0 || columns.length !== values.length) return undefined
  return allOf(
    columns.map((each, i) => {
      const column = comparedColumn(each, columnOf)
      const constant = column && constantOf(values[i], column.type)
      // Inside rows one null equals another.
      if (column === undefined || constant === undefined || constant.kind === 'null') {
        return unknown('a row of more than columns and constants')
      }
      return comparisonOf('eq', column, constant)
    }),
  )
}

function between(node: Node, { columnOf, wanted }: Place): Predicate {
  const column = comparedColumn(node.input, columnOf)
  const lower = column && constantOf(node.lower, column.type)
  const upper = column && constantOf(node.upper, column.type)
  if (column === undefined || lower === undefined || upper === undefined) {
    return unknown('BETWEEN of something else than constants')
  }
  return wanted
    ? allOf([comparisonOf('gtEq', column, lower), comparisonOf('ltEq', column, upper)])
    : anyOf([comparisonOf('ltEq', column, lower), comparisonOf('gtEq', column, upper)])
}

function operator(node: Node, place: Place): Predicate {
  const [first, ...rest] = nodes(node.children)
  const { columnOf, wanted } = place
  switch (node.type) {
    case 'OPERATOR_NOT':
      return rows(first, { ...place, wanted: !wanted })
    case 'OPERATOR_IS_NULL':
    case 'OPERATOR_IS_NOT_NULL': {
      const column = comparedColumn(first, columnOf)
      const isNull = (node.type === 'OPERATOR_IS_NULL') === wanted
      if (column === undefined || (isNull && column.isCast)) {
        return unknown('IS NULL of an expression')
      }
      return { kind: isNull ? 'isNull' : 'notNull', ref: refOf(column.path) }
    }
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN':
      return listed(first, rest, { ...place, wanted: (node.type === 'COMPARE_IN') === wanted })
    case 'OPERATOR_COALESCE': {
      // coalesce(condition, FALSE) is true where the condition is.
      const only = rest.length === 1 ? constantBoolean(rest[0]) : undefined
      if (only === undefined || only === wanted) return unknown('coalesce of an expression')
      return rows(first, place)
    }
    default:
      return unknown(`an operator ${String(node.type)}`)
  }
}

/** IN, or where it is not wanted NOT IN, of a column and constants. */
function listed(
  subject: JsonValue | undefined,
  values: readonly JsonValue[],
  { columnOf, wanted }: Place,
): Predicate {
  const column = comparedColumn(subject, columnOf)
  if (column === undefined) return unknown('IN of something else than a column')
  const op = wanted ? 'eq' : 'notEq'
  const parts = values.map(value => {
    const constant = constantOf(value, column.type)
    return constant === undefined
      ? unknown('IN of something else than constants')
      : comparisonOf(op, column, constant)
  })
  return wanted ? anyOf(parts) : allOf(parts)
}

/** A boolean column that is a condition by itself. */
function bareColumn(node: Node, { columnOf, wanted }: Place): Predicate | undefined {
  const column = comparedColumn(node, columnOf)
  if (column?.type !== 'boolean') return undefined
  const literal = { value: wanted, type: 'boolean' } as const
  return comparisonOf('eq', column, { kind: 'value', literal })
}

function functionTest(node: Node, place: Place): Predicate {
  const name = String(node.function_name)
  const [first, second] = nodes(node.children)
  if (name === 'isnan') {
    const column = comparedColumn(first, place.columnOf)
    if (column === undefined) return unknown('isnan of an expression')
    return comparisonOf(place.wanted ? 'eq' : 'notEq', column, { kind: 'nan' })
  }
  if (name === 'contains' || name === 'list_contains') {
    // `column IN $list`; of two texts it looks for a part.
    if (isNode(first) && first.function_name === 'list_value')
      return contained(first, second, place)
  }
  return (
    textTest(node, place.wanted ? 'eq' : 'notEq', place.columnOf) ?? unknown(`a function ${name}`)
  )
}

/** Unlike IN a list is never null for a value that it lacks: a null in it equals nothing. */
function contained(list: Node, subject: JsonValue | undefined, place: Place): Predicate {
  const { columnOf, wanted } = place
  const column = comparedColumn(subject, columnOf)
  if (column === undefined || !Array.isArray(list.children)) {
    return unknown('a list that is no list of constants')
  }
  const values = nodes(list.children).filter(
    value => constantOf(value, column.type)?.kind !== 'null',
  )
  const found = listed(subject, values, place)
  return wanted ? found : allOf([{ kind: 'notNull', ref: refOf(column.path) }, found])
}
