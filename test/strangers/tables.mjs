// The tables that strangers share, with the rows that their writers' own readers found (the catalogues of test/fixtures).
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, root } from '../../scripts/packages/published.mjs'

const FIXTURES = join(root, 'test', 'fixtures')
/** Two rows in each of four files, as `parquet-tables/generate.py` writes them. */
const HIVE_IDS = [0, 9, 10, 19, 20, 29, 30, 39]

/** `lines` is what `line` of SQL gives for every row, nothing for null, in order of `id`; `delta`: plain Parquet would show deleted rows. */
export function tablesToShare() {
  return [
    catalogued('delta', 'plain', { name: 'orders', column: 'name' }),
    catalogued('delta', 'dv-delete', { name: 'edits', column: 'name', delta: true }),
    catalogued('iceberg', 'pyiceberg-transforms', { name: 'events', column: 'kind' }),
    {
      name: 'visits',
      from: join(FIXTURES, 'parquet-tables', 'hive'),
      line: "id || '|' || name",
      lines: HIVE_IDS.map(id => `${id}|n${String(id).padStart(3, '0')}`),
      ids: HIVE_IDS,
    },
  ]
}

function catalogued(format, folder, { name, column, delta = false }) {
  const { tables } = readJson(join(FIXTURES, format, 'catalogue.json'))
  const table = tables.find(one => one.name === folder)
  const at = table.columns.findIndex(one => one.name === column)
  const rows = [...table.rows].sort(([one], [other]) => one - other)
  return {
    name,
    from: join(FIXTURES, format, table.folder),
    rebase: table.rebase,
    delta,
    line: `concat(id, '|', ${column})`,
    lines: rows.map(row => `${row[0]}|${row[at] ?? ''}`),
    ids: rows.map(([id]) => id),
  }
}

/** Lays the tables into `folder`, and into a bucket where there is an S3 server; answers the schemas of a configuration. */
export function layTables(tables, { folder, bucket }) {
  const schemas = [
    { name: 'disk', tables: tables.map(one => laid(one, folder, `./lake/${one.name}`)) },
  ]
  if (bucket !== undefined) {
    const inBucket = tables.map(one => laid(one, bucket, `s3://lake/${one.name}`))
    schemas.push({ name: 's3', tables: inBucket })
  }
  return schemas
}

function laid({ name, from, rebase }, into, location) {
  cpSync(from, join(into, name), { recursive: true })
  return { name, location, ...(rebase && { rebase }) }
}

/** A configuration in YAML, of which JSON is a part. */
export function writeConfig(path, { port, schemas, s3 }) {
  const storage = s3 && { s3: { region: s3.region, endpoint: s3.endpoint, pathStyle: true } }
  const document = {
    server: { port },
    ...(storage && { storage }),
    shares: [{ name: 'lake', schemas }],
  }
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`)
}
