import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, attachShare, type QuerySqlOptions } from '../src/index.js'
import { type ShareServer, shareServer } from './support/share-server.js'
import { sharedTable } from './support/share-table.js'

const field = (name: string, type: unknown) => ({ name, type, nullable: true, metadata: {} })

const SCHEMA = JSON.stringify({
  type: 'struct',
  fields: [
    field('day', 'date'),
    field('id', 'long'),
    field('name', 'string'),
    field('amount', 'double'),
    field('price', 'decimal(8,2)'),
    field('small', 'float'),
    field('moment', 'timestamp_ntz'),
    field('a.b', 'long'),
    field('a', { type: 'struct', fields: [field('b', 'long')] }),
  ],
})

let server: ShareServer
let share: AttachedShare
let connection: DuckDBConnection

beforeAll(async () => {
  const [file] = await sharedTable(1, 2048)
  server = await shareServer({ files: [file!], schemaString: SCHEMA, readsSqlHints: true })
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run('CREATE TABLE mine AS SELECT 424242 + range AS secret FROM range(1000)')
  share = await attachShare(connection, server.profile)
})
afterAll(async () => {
  await share.close()
  await server.close()
})

async function sent(where: string, options: QuerySqlOptions = {}) {
  const { scans } = await share.explain(`SELECT * FROM share.main.t WHERE ${where}`, options)
  const body = JSON.parse(server.queries.at(-1)!)
  expect(scans[0]!.hints).toEqual(
    body.predicateHints ? { predicateHints: body.predicateHints } : {},
  )
  expect(body).not.toHaveProperty('jsonPredicateHints')
  return body.predicateHints
}

describe('a server that reads our SQL is told', () => {
  it.each<[string, readonly string[]]>([
    ['amount > 20', ['`amount` > 20D']],
    ['small > 0.1::DOUBLE', ['`small` > 0.09999999403953552F']],
    [`amount = 'NaN'`, ['isnan(`amount`)']],
    [`amount < 'inf'::DOUBLE`, ['`amount` <= 1.7976931348623157e+308D']],
    ['price BETWEEN 1 AND 2.5', ['`price` >= 1.00BD', '`price` <= 2.50BD']],
    ['price > 2.505', ['`price` > 2.50BD']],
    ['id > 20.5', ['`id` > 20']],
    ['id::DOUBLE > 1e3', ['`id` > 1000']],
    [`name LIKE 'it''s\\%'`, ["startswith(`name`, 'it''s\\\\')"]],
    [`name NOT LIKE 'ab%'`, ["NOT startswith(`name`, 'ab')"]],
    ['NOT (id = 5 AND amount > 3)', ['(`id` <> 5 OR `amount` <= 3D)']],
    ['id IS DISTINCT FROM 5', ['(`id` IS NULL OR `id` <> 5)']],
    ['coalesce(amount > 3, FALSE)', ['`amount` > 3D']],
    ['a.b > 5', ['`a`.`b` > 5']],
    ['"a.b" > 5', ['`a.b` > 5']],
    ['a.B > 5', ['`a`.`b` > 5']],
    [`left(name, 1) = 't'`, ["startswith(`name`, 't')"]],
    [`moment > DATE '2026-01-01'`, ["`moment` > TIMESTAMP_NTZ '2026-01-01T00:00:00.000000'"]],
    // The session's zone is nobody's to know: a day to either side.
    [
      `moment > TIMESTAMPTZ '2026-01-03 00:00:00Z'`,
      ["`moment` >= TIMESTAMP_NTZ '2026-01-02T00:00:00.000000'"],
    ],
    [
      `date_trunc('month', day) = DATE '2026-01-01'`,
      ["`day` >= DATE '2026-01-01'", "`day` <= DATE '2026-02-01'"],
    ],
    ['(id, name) = (1, $$a$$)', ['`id` = 1', "`name` = 'a'"]],
    ['id IN (9, 8, 7, 6, 5, 4)', ['`id` IN (9, 8, 7, 6, 5, 4)']],
    ['a.b IN (9, 8, 7, 6, 5, 4.5) OR id = 1', ['(`id` = 1 OR `a`.`b` IN (9, 8, 7, 6, 5))']],
  ])('WHERE %s', async (where, expected) => {
    const said = await sent(where)
    expect([...said].sort()).toEqual([...expected].sort())
  })

  it('lists of thousands, as values or as the ranges between their widest gaps', async () => {
    const values = Array.from({ length: 2500 }, (_, i) => i * 3)
    const [said] = await sent(`id IN (${values.join(', ')})`)
    expect(new Set(said.slice(9, -1).split(', ').map(Number))).toEqual(new Set(values))
    const ids = [...Array.from({ length: 4000 }, (_, i) => i), 1_000_000]
    const [ranges] = await sent('id IN $ids', { parameters: { ids } })
    expect(ranges).toBe('((`id` >= 0 AND `id` <= 3999) OR `id` = 1000000)')
  })

  it('nothing that another calendar may shift', async () => {
    const where = `moment = TIMESTAMPTZ '2020-01-03 00:00:00Z' AND id = 3`
    expect(await sent(where)).toHaveLength(3)
    await connection.run("SET Calendar = 'japanese'")
    try {
      expect(await sent(where)).toBeUndefined()
      expect(await sent('id = 3')).toEqual(['`id` = 3'])
    } finally {
      await connection.run('RESET Calendar')
    }
  })

  it.each([
    `id::VARCHAR = '5'`,
    `lower(name) = 'a'`,
    `name COLLATE NOCASE = 'a'`,
    'coalesce(amount > 3, TRUE)',
    'id NOT IN (1, 2, 3, 4, 5, 6, 7)',
    'id IN (SELECT secret FROM mine)',
    'random() < 0.5',
    // Plans leave the empty line out.
    `name = E'a\\n\\nb'`,
    `name IN (E'a\\n\\nb', 'q')`,
    `name >= E'a\\n\\na' AND name < E'b\\n'`,
  ])('nothing of %s', async where => {
    expect(await sent(where)).toBeUndefined()
  })

  it.each([
    'SELECT * FROM share.main.t JOIN mine ON id = secret WHERE id > 0 AND id < 900000000',
    'SELECT * FROM share.main.t WHERE id BETWEEN 1 AND 900000000 AND id IN (SELECT secret FROM mine)',
    'SELECT * FROM share.main.t WHERE id > (SELECT min(secret) FROM mine) AND id IN (1, 2, 3, 4, 5, 6)',
    'SELECT * FROM mine LEFT JOIN share.main.t ON id = secret AND id > 5',
    'SELECT * FROM share.main.t SEMI JOIN mine ON id = secret ORDER BY id LIMIT 3',
  ])('nothing of what the other side of a join holds: %s', async sql => {
    await (await share.query(sql)).all()
    expect(server.queries.at(-1)).not.toMatch(/42\d{4}/)
  })
})
