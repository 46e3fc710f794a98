import {
  type ComparisonOp,
  type DataType,
  type FieldPath,
  type Literal,
  leafOf,
  type Predicate,
  type Schema,
  type Value,
} from '@spillway/core'
import type { LogicalRow } from '../random/logical-table.js'
import { type CellOrder, cellOrder, type Reading } from './oracle-compare.js'

/** SQL's three values; null is NULL. */
type Truth = boolean | null
export type RowTest = (row: LogicalRow) => Truth

/** Every combination of what engines do differently that can change which rows match. */
export function allReadings(zoneOffsetsMinutes: readonly number[]): readonly Reading[] {
  const readings: Reading[] = []
  for (const nan of ['greatest', 'unordered'] as const) {
    for (const nulls of ['three-valued', 'negations-match'] as const) {
      for (const unknown of [true, false, null]) {
        for (const narrow of [true, false]) {
          for (const zoneOffsetMinutes of zoneOffsetsMinutes) {
            readings.push({ nan, nulls, unknown, narrow, zoneOffsetMinutes })
          }
        }
      }
    }
  }
  return readings
}

/** The predicate as a test of one row, evaluated directly under one reading. Shares no code with the planner. */
export function rowTest(predicate: Predicate, schema: Schema, reading: Reading): RowTest {
  return compile(predicate, false, { schema, reading })
}

interface Context {
  readonly schema: Schema
  readonly reading: Reading
}

/** `negated` is only ever set under the reading that pushes NOT to the leaves. */
function compile(predicate: Predicate, negated: boolean, context: Context): RowTest {
  const { reading } = context
  switch (predicate.kind) {
    case 'alwaysTrue':
    case 'alwaysFalse': {
      const value = (predicate.kind === 'alwaysTrue') !== negated
      return () => value
    }
    case 'unknown':
      return () => reading.unknown
    case 'not': {
      if (reading.nulls === 'negations-match') return compile(predicate.operand, !negated, context)
      const operand = compile(predicate.operand, false, context)
      return row => not(operand(row))
    }
    case 'and':
    case 'or': {
      const operands = predicate.operands.map(each => compile(each, negated, context))
      return (predicate.kind === 'and') !== negated ? every(operands) : some(operands)
    }
    default:
      return compileLeaf(predicate, negated, context)
  }
}

function not(value: Truth): Truth {
  return value === null ? null : !value
}

function every(operands: readonly RowTest[]): RowTest {
  return row => {
    let result: Truth = true
    for (const operand of operands) {
      const value = operand(row)
      if (value === false) return false
      if (value === null) result = null
    }
    return result
  }
}

function some(operands: readonly RowTest[]): RowTest {
  return row => {
    let result: Truth = false
    for (const operand of operands) {
      const value = operand(row)
      if (value === true) return true
      if (value === null) result = null
    }
    return result
  }
}

type Leaf = Exclude<
  Predicate,
  { readonly kind: 'alwaysTrue' | 'alwaysFalse' | 'unknown' | 'and' | 'or' | 'not' }
>

function compileLeaf(leaf: Leaf, negated: boolean, { schema, reading }: Context): RowTest {
  const path = schema.find(leaf.ref.names)
  if (path === undefined || path.slice(0, -1).some(isRepeated)) return () => reading.unknown
  const { id, type } = leafOf(path)
  const cell = (row: LogicalRow): Value | null => row.get(id) ?? null
  switch (leaf.kind) {
    case 'isNull':
    case 'notNull': {
      const wanted = (leaf.kind === 'isNull') !== negated
      return row => (cell(row) === null) === wanted
    }
    case 'isNan':
    case 'notNan': {
      const wanted = (leaf.kind === 'isNan') !== negated
      return row => Number.isNaN(cell(row)) === wanted
    }
    case 'startsWith':
    case 'notStartsWith': {
      if (type !== 'string') return () => reading.unknown
      const positive = (leaf.kind === 'startsWith') !== negated
      return nullable(cell, positive, reading, value => String(value).startsWith(leaf.prefix))
    }
    case 'comparison':
      return compareLeaf(negated ? FLIPPED[leaf.op] : leaf.op, { cell, type, reading }, leaf.value)
    case 'in':
    case 'notIn':
      return inLeaf((leaf.kind === 'in') !== negated, { cell, type, reading }, leaf.values)
  }
}

function isRepeated({ type }: FieldPath[0]): boolean {
  return typeof type === 'object' && (type.kind === 'list' || type.kind === 'map')
}

/** A positive test, or its negation, of a cell that may be null. */
function nullable(
  cell: (row: LogicalRow) => Value | null,
  positive: boolean,
  reading: Reading,
  test: (value: Value) => boolean,
): RowTest {
  const ofNull = nullResult(positive, reading)
  return row => {
    const value = cell(row)
    return value === null ? ofNull : test(value) === positive
  }
}

function nullResult(positive: boolean, reading: Reading): Truth {
  return reading.nulls === 'three-valued' ? null : !positive
}

const FLIPPED: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  eq: 'notEq',
  notEq: 'eq',
  lt: 'gtEq',
  gtEq: 'lt',
  gt: 'ltEq',
  ltEq: 'gt',
}

interface Column {
  readonly cell: (row: LogicalRow) => Value | null
  readonly type: DataType
  readonly reading: Reading
}

function compareLeaf(op: ComparisonOp, { cell, type, reading }: Column, literal: Literal): RowTest {
  const order = cellOrder(type, literal, reading, op !== 'eq' && op !== 'notEq')
  // Null compares with nothing, whatever the types: a folder whose values are all null tells no type at all.
  const ofNull = nullResult(op !== 'notEq', reading)
  return row => {
    const value = cell(row)
    if (value === null) return ofNull
    return order === undefined ? reading.unknown : holds(op, order(value))
  }
}

function holds(op: ComparisonOp, order: number): boolean {
  switch (op) {
    case 'eq':
      return order === 0
    case 'notEq':
      return order !== 0
    case 'lt':
      return order < 0
    case 'ltEq':
      return order <= 0
    case 'gt':
      return order > 0
    case 'gtEq':
      return order >= 0
  }
}

function inLeaf(
  positive: boolean,
  { cell, type, reading }: Column,
  literals: readonly Literal[],
): RowTest {
  const orders: CellOrder[] = []
  for (const literal of literals) {
    const order = cellOrder(type, literal, reading, false)
    if (order === undefined) {
      const ofNull = nullResult(positive, reading)
      return row => (cell(row) === null ? ofNull : reading.unknown)
    }
    orders.push(order)
  }
  return nullable(cell, positive, reading, value => orders.some(order => order(value) === 0))
}
