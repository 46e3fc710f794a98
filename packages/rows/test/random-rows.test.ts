import {
  type DataFile,
  type Field,
  isPrimitive,
  isTableError,
  type Predicate,
  type Value,
} from '@spillway/core'
import {
  COMPARABLE_TYPES,
  type LogicalFile,
  type LogicalRow,
  type LogicalTable,
  liveRows,
  quickOr,
  Random,
  randomPredicate,
  randomTable,
  rowTest,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { vectorBytes } from '../src/merge-on-read/deletion-vector.js'
import { quoteNested } from '../src/sql/quote-nested.js'
import { quoteName } from '../src/sql/sql-text.js'
import { identitySpec, rowFixture, snapshotOf } from './support/fixture.js'

const files = rowFixture()

/** Spark's reading: NaN above everything, NULL neither true nor false, floats widened, no zone means UTC. */
const SPARK = {
  nan: 'greatest',
  nulls: 'three-valued',
  unknown: null,
  narrow: false,
  zoneOffsetMinutes: 0,
} as const

/** A field's value in a row as `quoteNested` takes it. */
function cellOf(field: Field, row: LogicalRow): unknown {
  const { type } = field
  const value = row.get(field.id) ?? null
  if (value === null || isPrimitive(type)) return value
  // Of lists and maps only their presence is known.
  return type.kind === 'struct' ? type.fields.map(child => cellOf(child, row)) : []
}

async function writeFile(table: LogicalTable, file: LogicalFile): Promise<DataFile> {
  const stored = table.schema.fields.filter(({ id }) => !table.partitionedBy.includes(id))
  // A file without columns is none; a table of partition columns alone still has rows.
  const columns = stored.length === 0 ? ['1 AS filler'] : []
  const select = (row: LogicalRow) =>
    [
      ...columns,
      ...stored.map(
        field =>
          `${quoteNested(cellOf(field, row), field.type, 'logical')} AS ${quoteName(field.name)}`,
      ),
    ].join(', ')
  const empty: LogicalRow = new Map()
  const rows =
    file.rows.length === 0
      ? `SELECT ${select(empty)} WHERE FALSE`
      : file.rows.map(row => `SELECT ${select(row)}`).join(' UNION ALL ')
  const written = await files.write(rows)
  const deleted = [...file.deleted]
  const bitmap = vectorBytes(deleted)
  return {
    ...written,
    partition: table.partitionedBy.map(id => (file.rows[0]?.get(id) ?? null) as Value | null),
    deletes:
      deleted.length === 0
        ? []
        : [{ kind: 'deletion-vector', id: 'v', bitmap, cardinality: deleted.length }],
  }
}

function expectedCount(table: LogicalTable, predicate: Predicate): number {
  const matches = rowTest(predicate, table.schema, SPARK)
  return table.files.reduce(
    (sum, file) => sum + liveRows(file).filter(row => matches(row) === true).length,
    0,
  )
}

describe('random tables and predicates', () => {
  // More seeds: SPILLWAY_ROW_SEEDS=500 vitest run packages/rows/test/random-rows.test.ts
  const seeds = Number(process.env.SPILLWAY_ROW_SEEDS ?? quickOr(4, 16))
  it.each(Array.from({ length: seeds }, (_, seed) => seed + 1))(
    'count exactly what an evaluator over the rows counts, or refuse (seed %i)',
    async seed => {
      const random = new Random(seed)
      const table = randomTable({ types: COMPARABLE_TYPES, deletes: true, maxFiles: 3 }, random)
      const written = await Promise.all(table.files.map(file => writeFile(table, file)))
      const partitioned = table.partitionedBy.map(
        id => table.schema.fields.find(each => each.id === id)!,
      )
      const snapshot = snapshotOf(table.schema.fields, {
        partitionSpecs: identitySpec(...partitioned),
      })
      const rows = files.read(written)
      expect(await rows.count(snapshot)).toBe(BigInt(expectedCount(table, { kind: 'alwaysTrue' })))
      for (let i = 0; i < 25; i++) {
        const predicate = randomPredicate(table, random)
        // The evaluator knows no NaN literal; sql/predicate-sql.test.ts does.
        if (JSON.stringify(predicate, plain).includes('NaN')) continue
        const counted = await rows.count(snapshot, predicate).catch((error: unknown) => {
          const refused =
            isTableError(error) && ['UNSUPPORTED_FEATURE', 'INVALID_REQUEST'].includes(error.code)
          if (refused) return undefined
          throw error
        })
        if (counted === undefined) continue
        expect(counted, JSON.stringify(predicate, plain)).toBe(
          BigInt(expectedCount(table, predicate)),
        )
      }
    },
  )
})

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'number' && Number.isNaN(value)) return 'NaN'
  return typeof value === 'bigint' ? `${value}n` : value
}
