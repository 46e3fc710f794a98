import { type DataFile, type DeleteFile, type Field, isPrimitive, type Value } from '@spillway/core'
import {
  interestingValues,
  type LogicalFile,
  type LogicalRow,
  Random,
  randomTable,
} from '@spillway/testkit'
import { expect, it } from 'vitest'
import { quoteNested } from '../src/sql/quote-nested.js'
import { identitySpec, rowFixture, snapshotOf } from './support/fixture.js'

const files = rowFixture()

type Cell = Value | null
type Tuple = readonly Cell[]

/** Found by their ids alone. */
async function write(rows: readonly Tuple[], fields: readonly Field[]): Promise<DataFile> {
  const select = (row: Tuple) =>
    `SELECT ${fields.map((field, i) => `${quoteNested(row[i] ?? null, field.type, 'logical')} AS c${field.id}`).join(', ')}`
  const from =
    rows.length === 0 ? `${select([])} WHERE FALSE` : rows.map(select).join(' UNION ALL ')
  const ids = fields.map(({ id }) => `c${id}: ${id}`).join(', ')
  return files.write(from, `, FIELD_IDS {${ids}}`)
}

const cellsOf = (row: LogicalRow, fields: readonly Field[]): Tuple =>
  fields.map(({ id }) => row.get(id) ?? null)

/** As Iceberg's library compares: zeros by their sign, NaN and null each equal to itself. */
function isSame(a: Cell, b: Cell): boolean {
  return Object.is(a, b)
}

/** Tuples of the file, now and then with the other zero, and of none of its rows. */
function randomTuples(file: LogicalFile, fields: readonly Field[], random: Random): Tuple[] {
  return Array.from({ length: random.integer(1, 3) }, () => {
    const row = file.rows.length === 0 ? undefined : random.pick(file.rows)
    return fields.map(({ id, type }): Cell => {
      const cell = row?.get(id) ?? null
      if (cell === 0 && random.chance(0.4)) return Object.is(cell, 0) ? -0 : 0
      return random.chance(0.3) && isPrimitive(type) ? random.pick(interestingValues(type)) : cell
    })
  })
}

const TYPES = ['float', 'double', 'float', 'double', 'int', 'string'] as const
const seeds = Number(process.env.SPILLWAY_ROW_SEEDS ?? 16)

it.each(Array.from({ length: seeds }, (_, seed) => seed + 1))(
  'random equality deletes take exactly the rows that are equal (seed %i)',
  async seed => {
    const random = new Random(seed * 7919)
    const shape = { types: TYPES, deletes: false, maxFiles: 3, maxRowsPerFile: 12 }
    const table = randomTable(shape, random)
    const isPartition = ({ id }: Field) => table.partitionedBy.includes(id)
    const fields = table.schema.fields.filter(({ type }) => isPrimitive(type))
    const stored = fields.filter(field => !isPartition(field))
    if (stored.length === 0) return
    const partitioned = fields.filter(isPartition)
    const snapshot = snapshotOf(fields, {
      format: 'iceberg',
      partitionSpecs: identitySpec(...partitioned),
    })
    let left = 0
    const written: DataFile[] = []
    for (const file of table.files) {
      // A file that holds its partition columns, or one that was imported and does not.
      const held = random.chance(0.5) ? fields : stored
      const data = await write(
        file.rows.map(row => cellsOf(row, held)),
        held,
      )
      const by = random.chance(0.5) ? [random.pick(fields)] : fields.slice(0, 2)
      const tuples = randomTuples(file, by, random)
      const deletes = await write(tuples, by)
      const equality: DeleteFile = {
        kind: 'equality-delete',
        path: deletes.path,
        fileFormat: 'parquet',
        size: deletes.size,
        fieldIds: by.map(({ id }) => id),
      }
      const partition = partitioned.map(({ id }) => file.rows[0]?.get(id) ?? null)
      written.push({ ...data, partition, deletes: [equality] })
      left += file.rows.filter(row => {
        const cells = cellsOf(row, by)
        return !tuples.some(tuple => tuple.every((each, i) => isSame(each, cells[i]!)))
      }).length
    }
    expect(await files.read(written).count(snapshot)).toBe(BigInt(left))
  },
)
