import { DuckDBInstance } from '@duckdb/node-api'
import { quickOr, Random } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, attachShare } from '../src/index.js'
import { type ServedData, type ShareServer, shareServer } from './support/share-server.js'
import { parquetOf } from './support/share-table.js'

const COLUMNS = ['id', 'day', 'at', 'price', 'x', 's', 'part']
let files: ServedData[]
let server: ShareServer
let schemaString: string
let share: AttachedShare

afterAll(async () => {
  await share.close()
  await server.close()
})

const TYPES = {
  id: 'long',
  day: 'date',
  at: 'timestamp',
  price: 'decimal(9,2)',
  x: 'double',
  s: 'string',
  part: 'integer',
}

/** Ten files of ten rows, ids ascending; the last two have nulls. */
beforeAll(async () => {
  files = []
  for (let file = 0; file < 10; file++) {
    const first = file * 10
    const hole = file >= 8 ? `CASE WHEN range % 10 = 3 THEN NULL ELSE` : ''
    const end = hole && 'END'
    const value = (sql: string) => `${hole} ${sql} ${end}`
    const bytes = await parquetOf(
      `SELECT ${value('range')} AS id, ${value("DATE '2026-01-01' + range::INTEGER")} AS day,
        ${value('make_timestamptz(1767225600000000 + range * 1001)')} AS "at", ${value('range::DECIMAL(9,2)')} AS price,
        ${value('range::DOUBLE')} AS x, ${value("printf('%03d', range)")} AS s
       FROM range(${first}, ${first + 10})`,
    )
    const bound = (row: number) => ({
      id: row,
      day: new Date(Date.UTC(2026, 0, 1 + row)).toISOString().slice(0, 10),
      // As Delta writes them: cut to milliseconds.
      at: new Date(1767225600000 + Math.floor(row * 1.001)).toISOString(),
      price: row,
      x: row,
      s: String(row).padStart(3, '0'),
    })
    const nulls = file >= 8 ? 1 : 0
    const nullCount = Object.fromEntries(Object.keys(bound(0)).map(name => [name, nulls]))
    files.push({
      bytes,
      partitionValues: { part: String(file % 5) },
      stats: JSON.stringify({
        numRecords: 10,
        minValues: bound(first),
        maxValues: bound(first + 9),
        nullCount,
      }),
    })
  }
  const field = ([name, type]: readonly [string, string]) => ({
    name,
    type,
    nullable: true,
    metadata: {},
  })
  schemaString = JSON.stringify({ type: 'struct', fields: Object.entries(TYPES).map(field) })
  server = await shareServer({ files, schemaString, partitionColumns: ['part'] })
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  share = await attachShare(connection, server.profile)
  await (await share.query('CREATE TABLE bare AS FROM share.main.t')).close()
})

async function rowsOf(sql: string) {
  const result = await share.query(sql)
  return { rows: await result.json(), kept: result.explanation.scans[0]?.files.kept ?? 0 }
}

/** Files that are fetched for a query over the table, whose rows are those of the same over all of them. */
async function kept(sql: string): Promise<number> {
  const { rows, kept } = await rowsOf(sql.replaceAll('T', 'share.main.t'))
  expect(rows).toEqual((await rowsOf(sql.replaceAll('T', 'bare'))).rows)
  return kept
}

describe('the first rows by a column', () => {
  it('are read from the files that may hold them', async () => {
    const cases: Readonly<Record<string, number>> = {
      // Two of the files have a null, which may be first.
      'from T select id order by id limit 3': 3,
      'select * from T order by id limit 10': 3,
      'select * from T order by id limit 11': 4,
      'select * from T order by id limit 5 offset 10': 4,
      'select id, s from T o order by o.id limit 3': 3,
      'select o.* from T o order by id limit 3': 3,
      'select * from T order by day limit 3': 3,
      'select * from T order by "at" limit 3': 4,
      'select * from T order by price limit 3': 3,
      'select * from T order by id, s desc limit 3': 3,
      'select * from T order by id nulls last limit 3': 3,
      // Rows that are first alike are in no order.
      'select * from T order by id nulls first, part limit 3': 3,
      'select * from T order by id desc limit 8': 2,
      'select * from T order by id desc nulls first, part limit 8': 2,
      'select * from T order by id desc nulls last limit 10': 2,
      'select * from T order by id desc nulls last limit 19': 3,
      'select * from T order by day desc limit 8': 2,
      'select * from T order by part, id limit 15': 2,
      'select * from T order by part desc, id limit 15': 2,
      'select * from T order by part desc, id limit 25': 4,
    }
    const found: Record<string, number> = {}
    for (const sql of Object.keys(cases)) found[sql] = await kept(sql)
    expect(found).toEqual(cases)
  })

  it.each([
    'select * from T order by x limit 3',
    'select * from T order by s limit 3',
    'select * from T order by s collate nocase limit 3',
    'select * from T order by -id limit 3',
    'select s as id, id as s from T order by id limit 3',
    'select -id as id from T order by id limit 3',
    'select * replace (-id as id) from T order by id limit 3',
    'select * from T where x > 50 order by id limit 3',
    'select distinct part from T order by part limit 3',
    'select part, count(*) as n from T group by part order by part limit 3',
    'select id, row_number() over (order by id desc) as r from T order by id limit 3',
    'select id, (select count(*) from T) as n from T order by id limit 3',
    'select unnest([id, -id]) as id from T order by id limit 3',
    'select * from (from T limit 100) order by id limit 3',
    'select id from T union all select -id from T order by id limit 3',
    'with c as (from T) select * from c order by id limit 3',
    'select * from T a join T b using (id) order by id limit 3',
    'select * from T order by 1 limit 3',
    'select * from T order by all limit 3',
    'select * from T order by id limit 3 + 2',
    'select * from T order by id limit 3%',
    'select * from T order by id, part',
    'select id from T t(s, day, id) order by id limit 3',
    'select count(*) as n from T order by n limit 3',
    'select max(id) as m from T having max(id) > 5 order by m limit 3',
    'select id from T qualify row_number() over (partition by part order by id desc) = 1 order by id limit 3',
    'select * exclude (id) from T order by id limit 3',
    'select columns(*) from T order by id limit 3',
    'select id from T tablesample 100% order by id limit 3',
    "select * from query('select -id as id from T') order by id limit 3",
  ])('of another form are not guessed at: %s', async sql => {
    expect(await kept(sql)).toBe(10)
  })

  it('are those of all files, whatever is asked', async () => {
    const random = new Random(7)
    let left = 0
    const queries = quickOr(15, 500)
    for (let i = 0; i < queries; i++) {
      const key = random.pick(COLUMNS)
      const direction = random.pick(['', 'asc', 'desc'])
      const nulls = random.pick(['', '', 'nulls first', 'nulls last'])
      const selected = random.pick(['*', 'id, part', 't.*, id', `"${key}"`])
      const where = random.pick(['', '', '', 'where id > 20', 'where part = 3', 'where true'])
      const limit = random.integer(1, 40)
      const offset = random.pick(['', '', `offset ${random.integer(0, 30)}`])
      const order = `order by "${key}" ${direction} ${nulls}, id, part desc`
      const sql = `select ${selected} from T t ${where} ${order} limit ${limit} ${offset}`
      if ((await kept(sql)) < 10) left++
    }
    expect(left).toBeGreaterThan(queries / 3)
  })

  it('are refused where the files have other numbers of rows than their statistics say', async () => {
    const lying = files.map(file => ({
      ...file,
      stats: file.stats!.replace('"numRecords":10', '"numRecords":11'),
    }))
    const other = await shareServer({ files: lying, schemaString, partitionColumns: ['part'] })
    const attached = await attachShare(
      await (await DuckDBInstance.create(':memory:')).connect(),
      other.profile,
    )
    try {
      const first = attached.query('SELECT id FROM share.main.t ORDER BY id LIMIT 3')
      await expect(first).rejects.toThrow(/count 11 rows, and it has 10/)
      const all = await attached.query('SELECT id FROM share.main.t ORDER BY id LIMIT 200')
      expect(await all.all()).toHaveLength(100)
    } finally {
      await attached.close()
      await other.close()
    }
  })

  it('are not those of a view over the table, nor of another order that is usual', async () => {
    await (await share.query('CREATE VIEW turned AS SELECT -id AS id FROM share.main.t')).close()
    const { rows, kept } = await rowsOf('SELECT id FROM turned ORDER BY id LIMIT 2')
    expect([rows, kept]).toEqual([[{ id: '-99' }, { id: '-98' }], 10])
    await (await share.query("SET default_order = 'DESC'")).close()
    const turned = await rowsOf('SELECT id FROM share.main.t ORDER BY id LIMIT 2')
    expect([turned.rows, turned.kept]).toEqual([[{ id: '99' }, { id: '98' }], 2])
    await (await share.query("SET default_null_order = 'NULLS FIRST'")).close()
    const nulls = await rowsOf('SELECT id FROM share.main.t ORDER BY id ASC LIMIT 3')
    expect(nulls.rows).toEqual([{ id: null }, { id: null }, { id: '0' }])
    for (const name of ['default_order', 'default_null_order']) {
      await (await share.query(`RESET ${name}`)).close()
    }
  })
})
