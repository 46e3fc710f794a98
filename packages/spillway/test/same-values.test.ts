import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { parseProfile } from '@spillway/client'
import { attachShare } from '@spillway/duckdb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compose, createSharingServer, openTable } from '../src/index.js'

const fixtures = fileURLToPath(new URL('../../../test/fixtures', import.meta.url))
const TABLES = [
  'delta/all-types',
  'delta/nested',
  'delta/numbers',
  'delta/strings',
  'delta/dv-delete',
  'delta/timestamp-ntz',
  'delta/partitioned-timestamps',
  'delta/type-widening',
  'iceberg/spark-v2-nested',
]
const TOKEN = 'a-token-of-some-length'
const spillway = compose()
const nameOf = (location: string) => location.replace(/\W/g, '_')

/** Tables of Iceberg have the paths in them that they were written under. */
const rebaseOf = (location: string) => {
  const [format, name = ''] = location.split('/')
  if (format !== 'iceberg') return []
  const from = `/tmp/spillway-golden-iceberg/spark/db/${name}`
  return [{ from, to: `file://${fixtures}/${location}` }]
}

const tables = TABLES.map(location => ({
  name: nameOf(location),
  location,
  rebase: rebaseOf(location),
}))
const server = createSharingServer({
  endpoint: 'https://share.example/delta-sharing',
  folder: fixtures,
  shares: [{ name: 'lake', schemas: [{ name: 'd', tables }] }],
  recipients: [{ name: 'me', shares: ['lake'], tokens: [{ token: TOKEN }] }],
})
const profile = parseProfile({
  shareCredentialsVersion: 1,
  endpoint: server.endpoint,
  bearerToken: TOKEN,
})

let share: Awaited<ReturnType<typeof attachShare>>
beforeAll(async () => {
  const connection = await spillway.duckdb.connectNative()
  share = await attachShare(connection, profile, {
    fetch: (input, init) => server.fetch(new Request(input, init)),
  })
})
afterAll(async () => {
  await share.close()
  await server.close()
  await spillway.close()
})

const sorted = (rows: readonly unknown[]) =>
  rows.map(row => inspect(row, { depth: 20, maxArrayLength: null, sorted: true })).sort()

it.each(TABLES)('a recipient of %s reads the values that its provider does', async location => {
  const table = await openTable(location, {
    folder: fixtures,
    spillway,
    rebase: rebaseOf(location),
  })
  const result = await share.query(`SELECT * FROM lake.d.${nameOf(location)}`)
  const own = await table.rows().all()
  expect(own.length).toBeGreaterThan(0)
  expect(sorted(await result.all())).toEqual(sorted(own))
  const again = await share.query(`SELECT * FROM lake.d.${nameOf(location)}`)
  expect(sorted(await again.json())).toEqual(sorted(await table.rows().json()))
})
