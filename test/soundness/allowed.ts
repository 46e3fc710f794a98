import {
  type DataType,
  type Literal,
  leafOf,
  type Predicate,
  type Schema,
  type Value,
} from '@spillway/core'
import { cellOrder, type LogicalRow, type Reading } from '@spillway/testkit'

/** What a table says of one column of one file. */
export interface ColumnFacts {
  readonly rows: number
  /** Undefined where the table does not say it. */
  readonly nulls: number | undefined
  /** Of values that are neither null nor NaN. */
  readonly least?: Value
  readonly greatest?: Value
}

export type FactsOf = (fieldId: number) => ColumnFacts

/** What a table says of a column: its minimum and maximum, and how many nulls it has. */
export interface Told {
  readonly bounds: boolean
  readonly nulls: boolean
  /** Moments are told in milliseconds, as Delta's writers do. */
  readonly inMillis?: boolean
  /** Texts with more characters are cut, and say less than they do here. */
  readonly longestText?: number
}

/** Minima, maxima and counts of `rows`, as far as they are told. */
export function factsOf(
  rows: readonly LogicalRow[],
  schema: Schema,
  told: (fieldId: number) => Told,
): FactsOf {
  const known = new Map<number, ColumnFacts>()
  const types = new Map<number, DataType>()
  const note = (fields: Schema['fields']) => {
    for (const { id, type } of fields) {
      types.set(id, type)
      if (typeof type === 'object' && type.kind === 'struct') note(type.fields)
    }
  }
  note(schema.fields)
  return id => {
    const facts = known.get(id) ?? onlyTold(gathered(rows, id, types.get(id)!), told(id))
    known.set(id, facts)
    return facts
  }
}

function onlyTold(facts: ColumnFacts, told: Told): ColumnFacts {
  const { rows, nulls, least, greatest } = facts
  const { longestText = Number.POSITIVE_INFINITY } = told
  const isCut = [least, greatest].some(each => String(each).length > longestText)
  const none = !told.bounds || least === undefined || greatest === undefined
  return {
    rows,
    nulls: told.nulls ? nulls : undefined,
    ...(!none &&
      !(typeof least === 'string' && isCut) && {
        least: told.inMillis ? startOfMilli(least) : least,
        greatest: told.inMillis ? (startOfMilli(greatest) as bigint) + 999n : greatest,
      }),
  }
}

/** Of microseconds. */
function startOfMilli(value: Value): Value {
  const micros = value as bigint
  return micros - (((micros % 1000n) + 1000n) % 1000n)
}

function gathered(rows: readonly LogicalRow[], id: number, type: DataType): ColumnFacts {
  let nulls = 0
  let [least, greatest]: (Value | undefined)[] = []
  for (const row of rows) {
    const value = row.get(id) ?? null
    if (value === null) nulls++
    else if (!Number.isNaN(value)) {
      if (least === undefined || isBefore(value, least, type)) least = value
      if (greatest === undefined || isBefore(greatest, value, type)) greatest = value
    }
  }
  return {
    rows: rows.length,
    nulls,
    ...(least !== undefined && { least }),
    ...(greatest !== undefined && { greatest }),
  }
}

/** In the order of the oracle, which is that of the type. */
function isBefore(value: Value, other: Value, type: DataType): boolean {
  const order = cellOrder(type, { value: other, type } as Literal, PLAIN, true)
  return order !== undefined && order(value) < 0
}

const PLAIN: Reading = {
  nan: 'greatest',
  nulls: 'three-valued',
  unknown: true,
  narrow: false,
  zoneOffsetMinutes: 0,
}

interface Context {
  readonly schema: Schema
  readonly reading: Reading
  readonly facts: FactsOf
}

/** False where minima, maxima and counts alone show that no row of the file matches, under one reading. */
export function mayMatch(predicate: Predicate, context: Context, negated = false): boolean {
  switch (predicate.kind) {
    case 'alwaysTrue':
    case 'alwaysFalse':
      return (predicate.kind === 'alwaysTrue') !== negated
    case 'unknown':
      return true
    case 'not':
      return mayMatch(predicate.operand, context, !negated)
    case 'and':
    case 'or': {
      const may = (operand: Predicate) => mayMatch(operand, context, negated)
      return (predicate.kind === 'and') !== negated
        ? predicate.operands.every(may)
        : predicate.operands.some(may)
    }
    default:
      return leafMayMatch(predicate, context, negated)
  }
}

type Leaf = Exclude<
  Predicate,
  { readonly kind: 'alwaysTrue' | 'alwaysFalse' | 'unknown' | 'and' | 'or' | 'not' }
>

function leafMayMatch(leaf: Leaf, { schema, reading, facts }: Context, negated: boolean): boolean {
  const path = schema.find(leaf.ref.names)
  if (path === undefined) return true
  const { id, type } = leafOf(path)
  if (typeof type === 'object' && !('precision' in type) && type.kind !== 'fixed') return true
  const column = facts(id)
  // Where nothing is said of nulls, there may be some, and values as well.
  const nulls = column.nulls ?? column.rows
  const values = column.rows - (column.nulls ?? 0)
  const isPositive =
    ['isNull', 'isNan', 'startsWith', 'in'].includes(leaf.kind) ||
    (leaf.kind === 'comparison' && leaf.op !== 'notEq')
  if (leaf.kind === 'isNull' || leaf.kind === 'notNull') {
    return ((leaf.kind === 'isNull') !== negated ? nulls : values) > 0
  }
  // A negation matches null where NOT is pushed to the leaves.
  if (isPositive === negated && reading.nulls === 'negations-match' && nulls > 0) return true
  if (values === 0) return false
  // Minima and maxima say nothing of NaN, which every file of floats may hold.
  const isFloat = type === 'float' || type === 'double'
  if (isFloat && nanMatches(leaf, { column, type, reading }, negated)) return true
  return boundsMayMatch(leaf, { column, type, reading }, negated)
}

interface Bounds {
  readonly column: ColumnFacts
  readonly type: DataType
  readonly reading: Reading
}

function nanMatches(leaf: Leaf, { type, reading }: Bounds, negated: boolean): boolean {
  switch (leaf.kind) {
    case 'comparison': {
      const order = cellOrder(type, leaf.value, reading, leaf.op !== 'eq' && leaf.op !== 'notEq')
      if (order === undefined) return true
      const isAbove = order(Number.NaN) > 0
      const holds = leaf.op === 'notEq' || (isAbove && (leaf.op === 'gt' || leaf.op === 'gtEq'))
      return holds !== negated
    }
    case 'in':
    case 'notIn':
      return (leaf.kind === 'notIn') !== negated
    default:
      return true
  }
}

const FLIPPED = {
  eq: 'notEq',
  notEq: 'eq',
  lt: 'gtEq',
  gtEq: 'lt',
  gt: 'ltEq',
  ltEq: 'gt',
} as const

function boundsMayMatch(leaf: Leaf, { column, type, reading }: Bounds, negated: boolean): boolean {
  const { least, greatest } = column
  if (least === undefined || greatest === undefined) return true
  switch (leaf.kind) {
    case 'startsWith':
    case 'notStartsWith': {
      if (type !== 'string') return true
      const [low, high] = [String(least), String(greatest)]
      const { prefix } = leaf
      const [lowHas, highHas] = [low.startsWith(prefix), high.startsWith(prefix)]
      if ((leaf.kind === 'startsWith') === negated) return !(lowHas && highHas)
      const order = cellOrder('string', { value: prefix, type: 'string' }, reading, true)!
      return lowHas || highHas || (order(low) < 0 && order(high) > 0)
    }
    case 'comparison': {
      const op = negated ? FLIPPED[leaf.op] : leaf.op
      const order = cellOrder(type, leaf.value, reading, op !== 'eq' && op !== 'notEq')
      if (order === undefined) return true
      const [low, high] = [order(least), order(greatest)]
      if (op === 'eq') return low <= 0 && high >= 0
      if (op === 'notEq') return low !== 0 || high !== 0
      if (op === 'lt') return low < 0
      if (op === 'ltEq') return low <= 0
      return op === 'gt' ? high > 0 : high >= 0
    }
    case 'in':
    case 'notIn': {
      const orders = leaf.values.map(value => cellOrder(type, value, reading, false))
      if (orders.includes(undefined)) return true
      const isMember = (leaf.kind === 'in') !== negated
      const within = orders.some(order =>
        isMember
          ? order!(least) <= 0 && order!(greatest) >= 0
          : order!(least) === 0 && order!(greatest) === 0,
      )
      return within === isMember
    }
    default:
      return true
  }
}
