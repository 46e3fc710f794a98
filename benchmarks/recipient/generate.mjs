// Writes a Delta table of many files for the recipient's benchmark: `node generate.mjs FOLDER [FILES] [ROWS_PER_FILE]`.
// Partitioned by day, 20 files a day, ids ascending; ten columns of text that no codec makes small. With the defaults
// 2,000 files of 2.6 MB, 5.2 GB.
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

const FILES_A_DAY = 20
const TEXTS = 10
const [folder, files = '2000', rowsPerFile = '5000'] = process.argv.slice(2)
if (folder === undefined) throw new Error('expected the folder to write into')
const root = resolve(folder)
const rows = Number(rowsPerFile)

const texts = Array.from({ length: TEXTS }, (_, i) => `t${i}`)
const day = file =>
  new Date(Date.UTC(2026, 0, 1 + Math.floor(file / FILES_A_DAY))).toISOString().slice(0, 10)

const field = (name, type) => ({ name, type, nullable: true, metadata: {} })
const schema = {
  type: 'struct',
  fields: [
    field('id', 'long'),
    field('day', 'date'),
    field('amount', 'double'),
    field('seen', 'timestamp'),
    ...texts.map(name => field(name, 'string')),
  ],
}

await mkdir(join(root, '_delta_log'), { recursive: true })
const database = await DuckDBInstance.create(':memory:', { threads: '2' })
const connection = await database.connect()
const log = [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  {
    metaData: {
      id: '6f1f7d0e-6f0b-4a0e-9d0c-1f2e3d4c5b6a',
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify(schema),
      partitionColumns: ['day'],
      configuration: {},
      createdTime: 0,
    },
  },
]
for (let file = 0; file < Number(files); file++) {
  const path = `day=${day(file)}/part-${String(file).padStart(5, '0')}.parquet`
  await mkdir(join(root, `day=${day(file)}`), { recursive: true })
  const first = file * rows
  // Three hashes of the row number a text, about 58 digits: digits alone are what snappy leaves as they are.
  const hashed = (column, part) => `hash(range * ${TEXTS * 3} + ${column * 3 + part})::VARCHAR`
  const columns = texts.map(
    (name, i) => `${[0, 1, 2].map(part => hashed(i, part)).join(' || ')} AS ${name}`,
  )
  await connection.run(`COPY (
    SELECT range AS id, (hash(range) % 1000000) / 100.0 AS amount,
      make_timestamptz(1767225600000000 + range * 1000) AS seen, ${columns.join(', ')}
    FROM range(${first}, ${first + rows})
  ) TO '${join(root, path)}' (FORMAT parquet, COMPRESSION snappy)`)
  const { size } = await stat(join(root, path))
  const stats = {
    numRecords: rows,
    minValues: { id: first },
    maxValues: { id: first + rows - 1 },
    nullCount: { id: 0 },
  }
  log.push({
    add: {
      path: encodeURI(path),
      partitionValues: { day: day(file) },
      size,
      modificationTime: 0,
      dataChange: true,
      stats: JSON.stringify(stats),
    },
  })
  if (file % 200 === 0) console.error(`${file} of ${files} files`)
}
const lines = log.map(action => JSON.stringify(action)).join('\n')
await writeFile(join(root, '_delta_log', `${'0'.repeat(20)}.json`), `${lines}\n`)
