import {
  and,
  createSchema,
  eq,
  type Field,
  gt,
  gtEq,
  isIn,
  isNull,
  lt,
  not,
  notEq,
  notNull,
  or,
  type Predicate,
  startsWith,
  unknown,
  type Value,
} from '@spillway/core'
import type { LogicalFile, LogicalRow, LogicalTable } from '../random/logical-table.js'

function field(id: number, name: string, type: Field['type']): Field {
  return { id, name, physicalName: name, type, nullable: true }
}

const DAY: Field = field(1, 'day', 'date')
const X: Field = field(8, 'x', 'int')

const FIELDS: readonly Field[] = [
  DAY,
  field(2, 'id', 'long'),
  field(3, 'name', 'string'),
  field(4, 'score', 'double'),
  field(5, 'price', { kind: 'decimal', precision: 18, scale: 2 }),
  field(6, 'at', 'timestamptz'),
  field(7, 'inner', { kind: 'struct', fields: [X] }),
  field(9, 'flag', 'boolean'),
]

const NOON = 1_767_441_600_000_000n

/** One row: a null `name` is written where `id` divides by 3, NaN where it divides by 4, a null struct by 5. */
function row(day: number | null, id: number): LogicalRow {
  const inner = id % 5 === 0 ? null : true
  const cells: readonly (readonly [number, Value | null])[] = [
    [1, day],
    [2, BigInt(id) + 2n ** 53n],
    [3, id % 3 === 0 ? null : `name ${String(id).padStart(3, '0')}${'é'.repeat(id % 40)}`],
    [4, id % 4 === 0 ? Number.NaN : id / 2],
    [5, BigInt(id) * 125n],
    [6, NOON + BigInt(id) * 1_000_001n],
    [7, inner],
    [8, inner === null ? null : id],
    [9, id % 2 === 0],
  ]
  return new Map(cells)
}

function file(day: number | null, ids: readonly number[], deleted: readonly number[]): LogicalFile {
  return { rows: ids.map(id => row(day, id)), deleted: new Set(deleted) }
}

/** The table that every reader's suite reads: small, partitioned by day, with every kind of hole. */
export function suiteTable({ deletes }: { readonly deletes: boolean }): LogicalTable {
  const some = (positions: readonly number[]) => (deletes ? positions : [])
  return {
    schema: createSchema(FIELDS),
    columns: FIELDS.map(each => (each.id === 7 ? [each, X] : [each])),
    partitionedBy: [DAY.id],
    files: [
      file(20456, [1, 2, 3, 4], []),
      file(20456, [10, 11, 12], some([1])),
      file(20457, [20, 21, 22, 23, 24], some([0, 4])),
      file(20458, [30, 31], []),
      file(null, [40, 41, 42], []),
      file(20459, [45, 60], some([0])),
    ],
  }
}

const BIG = 2n ** 53n

/** What is asked of it: every operator, nested columns, nulls, NaN, 64 bits, time, and parts nobody understands. */
export const SUITE_PREDICATES: readonly (readonly [name: string, predicate: Predicate])[] = [
  ['a partition value', eq('day', { value: 20457, type: 'date' })],
  ['a partition as text', eq('day', '2026-01-04')],
  ['no partition', isNull('day')],
  ['other partitions', notEq('day', { value: 20456, type: 'date' })],
  ['a range of days', and(gtEq('day', '2026-01-04'), lt('day', '2026-01-06'))],
  ['a 64-bit value', eq('id', BIG + 21n)],
  ['its neighbour', eq('id', BIG + 13n)],
  ['a 64-bit range', and(gt('id', BIG + 11n), lt('id', BIG + 23n))],
  ['a list', isIn('id', [BIG + 2n, BIG + 31n, BIG + 99n])],
  ['not a list', not(isIn('id', [BIG + 30n, BIG + 31n]))],
  ['a prefix', startsWith('name', 'name 02')],
  ['a prefix of nothing', startsWith('name', 'nome')],
  ['a text', gt('name', 'name 030')],
  ['nulls', isNull('name')],
  ['no nulls', notNull('name')],
  ['a number above NaN or not', gt('score', 20)],
  ['a number below', lt('score', 2)],
  ['not below', not(lt('score', 20))],
  ['NaN', { kind: 'isNan', ref: { names: ['score'] } }],
  [
    'a decimal of another scale',
    gt('price', { value: 37_000n, type: { kind: 'decimal', precision: 6, scale: 3 } }),
  ],
  [
    'a decimal between two',
    eq('price', { value: 1251n, type: { kind: 'decimal', precision: 5, scale: 3 } }),
  ],
  ['an instant', eq('at', { value: NOON + 22n * 1_000_001n, type: 'timestamptz' })],
  ['an instant as text', gtEq('at', '2026-01-03T12:00:40Z')],
  ['a nested value', gt(['inner', 'x'], 30)],
  ['a null struct', isNull('inner')],
  ['a boolean', eq('flag', true)],
  ['either side', or(eq('id', BIG + 1n), and(eq('day', '2026-01-05'), eq('flag', false)))],
  ['an unknown part beside one', and(unknown('f(name)'), lt('id', BIG + 10n))],
  ['an unknown part or one', or(unknown('f(name)'), lt('id', BIG + 10n))],
  ['a column that is not there', eq('nowhere', 1)],
  ['everything', { kind: 'alwaysTrue' }],
  ['nothing', { kind: 'alwaysFalse' }],
]
