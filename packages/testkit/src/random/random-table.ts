import {
  createSchema,
  type DataType,
  type Field,
  isPrimitive,
  leafOf,
  type PrimitiveType,
  statsLeaves,
  type Value,
} from '@spillway/core'
import type { LogicalFile, LogicalRow, LogicalTable } from './logical-table.js'
import type { Random } from './random.js'
import { randomValue } from './random-value.js'

export interface TableShape {
  readonly types: readonly DataType[]
  readonly deletes: boolean
  readonly maxFiles?: number
  readonly maxRowsPerFile?: number
}

const NAMES = ['id', 'Day', 'a.b', 'x y', 'back`tick', 'naïve', '__proto__', 'n', 'value', 'like']

/** A small table with nested columns, nulls, NaN, empty files and deleted rows. */
export function randomTable(shape: TableShape, random: Random): LogicalTable {
  const fields = randomFields(shape.types, random, { nextId: 1 })
  const schema = createSchema(fields)
  const columns = [...statsLeaves(fields)].filter(path => isComparable(leafOf(path).type))
  const partitionedBy = fields
    .filter(field => isPartitionable(field.type) && random.chance(0.25))
    .slice(0, 2)
    .map(field => field.id)
  const files = Array.from({ length: random.integer(1, shape.maxFiles ?? 6) }, () =>
    randomFile(fields, partitionedBy, shape, random),
  )
  return { schema, columns, partitionedBy, files }
}

interface IdSource {
  nextId: number
}

function randomFields(
  types: readonly DataType[],
  random: Random,
  ids: IdSource,
  depth = 0,
): readonly Field[] {
  const names = [...NAMES]
  return Array.from({ length: random.integer(depth === 0 ? 2 : 1, depth === 0 ? 5 : 2) }, () => {
    const name = names.splice(random.integer(0, names.length - 1), 1)[0]!
    const id = ids.nextId++
    return {
      id,
      name,
      physicalName: name,
      type: randomType(types, random, ids, depth),
      nullable: true,
    }
  })
}

function randomType(
  types: readonly DataType[],
  random: Random,
  ids: IdSource,
  depth: number,
): DataType {
  if (depth < 2 && random.chance(0.15)) {
    return { kind: 'struct', fields: randomFields(types, random, ids, depth + 1) }
  }
  if (random.chance(0.04)) {
    const id = ids.nextId++
    const element: Field = {
      id,
      name: 'element',
      physicalName: 'element',
      type: 'int',
      nullable: true,
    }
    return { kind: 'list', element }
  }
  return random.pick(types)
}

function isComparable(type: DataType): boolean {
  return isPrimitive(type) && !(typeof type === 'object' && type.kind === 'opaque')
}

function isPartitionable(type: DataType): boolean {
  return isComparable(type) && type !== 'binary' && type !== 'float' && type !== 'double'
}

function randomFile(
  fields: readonly Field[],
  partitionedBy: readonly number[],
  shape: TableShape,
  random: Random,
): LogicalFile {
  const columns = new Map<number, ColumnHabit>()
  const constants = new Map<number, Value | null>()
  for (const field of fields) {
    if (!partitionedBy.includes(field.id)) continue
    // An empty text as a partition value means null in Delta: the table would not be what it says.
    const value = randomValue(field.type as PrimitiveType, random, [0, 1])
    constants.set(field.id, random.chance(0.2) || value === '' ? null : value)
  }
  const count = random.chance(0.05) ? 0 : random.integer(1, shape.maxRowsPerFile ?? 5)
  const rows = Array.from({ length: count }, () => {
    const row = new Map<number, Value | null>()
    for (const field of fields) fillCell(field, row, { constants, columns, random })
    return row
  })
  return { rows, deleted: randomDeletes(rows, shape.deletes, random) }
}

/** How one column behaves within one file: where its values lie and how often they are missing. */
interface ColumnHabit {
  readonly window: readonly [number, number]
  readonly nulls: number
  readonly nans: number
}

interface FillContext {
  readonly constants: ReadonlyMap<number, Value | null>
  readonly columns: Map<number, ColumnHabit>
  readonly random: Random
}

function fillCell(field: Field, row: Map<number, Value | null>, context: FillContext): void {
  const { constants, columns, random } = context
  const constant = constants.get(field.id)
  if (constant !== undefined) {
    row.set(field.id, constant)
    return
  }
  let habit = columns.get(field.id)
  if (habit === undefined) {
    habit = randomHabit(random)
    columns.set(field.id, habit)
  }
  const isNull = random.chance(habit.nulls)
  if (typeof field.type === 'object' && field.type.kind === 'struct') {
    row.set(field.id, isNull ? null : true)
    for (const child of field.type.fields) {
      if (isNull) nullCell(child, row)
      else fillCell(child, row, context)
    }
    return
  }
  if (isNull || !isComparable(field.type)) row.set(field.id, isNull ? null : true)
  else if ((field.type === 'float' || field.type === 'double') && random.chance(habit.nans)) {
    row.set(field.id, Number.NaN)
  } else row.set(field.id, randomValue(field.type as PrimitiveType, random, habit.window))
}

function nullCell(field: Field, row: Map<number, Value | null>): void {
  row.set(field.id, null)
  if (typeof field.type === 'object' && field.type.kind === 'struct') {
    for (const child of field.type.fields) nullCell(child, row)
  }
}

function randomHabit(random: Random): ColumnHabit {
  const from = random.fraction()
  return {
    window: [from, Math.min(1, from + random.pick([0, 0.1, 0.3, 1]))],
    nulls: random.pick([0, 0, 0, 0.3, 1]),
    nans: random.pick([0, 0, 0.3, 1]),
  }
}

function randomDeletes(
  rows: readonly LogicalRow[],
  allowed: boolean,
  random: Random,
): ReadonlySet<number> {
  const deleted = new Set<number>()
  if (!allowed || rows.length === 0 || !random.chance(0.3)) return deleted
  for (let position = 0; position < rows.length; position++) {
    if (random.chance(0.4)) deleted.add(position)
  }
  // A file whose every row is gone would have been removed.
  if (deleted.size === rows.length) deleted.delete(random.integer(0, rows.length - 1))
  return deleted
}
