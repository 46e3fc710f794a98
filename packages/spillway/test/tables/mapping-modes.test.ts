import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, duckDb } from '@spillway/rows'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTable } from '../../src/index.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-modes-'))
const duckdb = duckDb()
let connection: Connection
beforeAll(async () => {
  connection = await duckdb.connect()
})
afterAll(async () => {
  await duckdb.close()
  rmSync(folder, { recursive: true, force: true })
})

const MAPPED = { minReaderVersion: 2, minWriterVersion: 5 }
const PLAIN = { minReaderVersion: 1, minWriterVersion: 2 }

/** Columns a and b; the file calls them `names` and gives them `ids`. */
async function writeTable(
  name: string,
  file: { readonly names: readonly string[]; readonly ids: readonly number[] },
  { mode, protocol }: { readonly mode: string | undefined; readonly protocol: object },
): Promise<string> {
  const table = join(folder, name)
  mkdirSync(join(table, '_delta_log'), { recursive: true })
  const path = join(table, 'f.parquet')
  const [a, b] = file.names
  await connection.run(
    `COPY (SELECT 'A' AS ${a}, 'B' AS ${b}) TO '${path}' (FIELD_IDS {${a}: ${file.ids[0]}, ${b}: ${file.ids[1]}})`,
  )
  const field = (column: string, id: number) => ({
    name: column,
    type: 'string',
    nullable: true,
    metadata: { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': column },
  })
  const metaData = {
    id: '00000000-0000-4000-8000-0000000000aa',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify({ type: 'struct', fields: [field('a', 1), field('b', 2)] }),
    partitionColumns: [],
    configuration: mode === undefined ? {} : { 'delta.columnMapping.mode': mode },
  }
  const { size } = statSync(path)
  const add = {
    path: 'f.parquet',
    partitionValues: {},
    size,
    modificationTime: 1,
    dataChange: true,
  }
  writeFileSync(
    join(table, '_delta_log/00000000000000000000.json'),
    [{ protocol }, { metaData }, { add }].map(line => JSON.stringify(line)).join('\n'),
  )
  return table
}

it.each([
  ['by id', 'id', MAPPED, { names: ['old_a', 'old_b'], ids: [1, 2] }],
  ['by id, as some write it', 'ID', MAPPED, { names: ['old_a', 'old_b'], ids: [1, 2] }],
  ['by name where the protocol allows no mapping', 'id', PLAIN, { names: ['a', 'b'], ids: [2, 1] }],
  ['by name', undefined, PLAIN, { names: ['a', 'b'], ids: [2, 1] }],
] as const)('columns are found %s', async (title, mode, protocol, file) => {
  const table = await openTable(await writeTable(title, file, { mode, protocol }))
  try {
    const rows: unknown[] = []
    for await (const block of table.rows().rawRows()) rows.push(...block)
    expect(rows).toEqual([['A', 'B']])
  } finally {
    await table.close()
  }
})
