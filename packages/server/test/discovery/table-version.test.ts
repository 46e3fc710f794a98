import { afterAll, beforeAll, expect, it } from 'vitest'
import { FIRST_COMMIT, ID, MINUTE, metaData, protocol } from '../support/lake.js'
import { failure, type Running, startServer, tablePath } from '../support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const iso = (time: number) => encodeURIComponent(new Date(time).toISOString())
const since = (time: string, table = 'simple') =>
  server.ask(`${tablePath(table)}/version?startingTimestamp=${time}`)

it('16, 17: GET version and HEAD table answer the latest version in a header, without a body', async () => {
  const get = await server.ask(`${tablePath('simple')}/version`)
  const head = await server.ask(tablePath('simple'), { method: 'HEAD' })
  for (const response of [get, head]) {
    expect(response.status).toBe(200)
    expect(response.headers.get('delta-table-version')).toBe('2')
    expect(await response.text()).toBe('')
  }
})

it('17: the next commit is seen at once', async () => {
  const table = server.lake.table('grows')
  table.commit(protocol, metaData([ID]))
  const config = {
    ...server.config,
    shares: [
      {
        name: 'Lake',
        schemas: [{ name: 'Main', tables: [{ name: 'grows', location: table.location }] }],
      },
      { name: 'other' },
      { name: 'third' },
    ],
  }
  server.shares.replace(config)
  const version = async () =>
    (await server.ask(`${tablePath('grows')}/version`)).headers.get('delta-table-version')
  expect(await version()).toBe('0')
  table.commit({ commitInfo: {} })
  expect(await version()).toBe('1')
  server.shares.replace(server.config)
})

it.each([
  ['before the first commit', FIRST_COMMIT - 1, '0'],
  ['exactly at a commit', FIRST_COMMIT + MINUTE, '1'],
  ['between two commits', FIRST_COMMIT + MINUTE + 1, '2'],
])('18: %s, the first version committed at or after', async (_, time, version) => {
  const response = await since(iso(time))
  expect(response.headers.get('delta-table-version')).toBe(version)
})

it('18: a time with an offset, percent-encoded or not', async () => {
  for (const time of ['2026-01-01T01:01:00%2B01:00', '2026-01-01T01:01:00+01:00']) {
    expect((await since(time)).headers.get('delta-table-version')).toBe('1')
  }
})

it.each([
  ['after the latest commit', iso(FIRST_COMMIT + 10 * MINUTE), 'simple'],
  ['unparsable', 'yesterday', 'simple'],
  ['without a zone', '2026-01-01T00:00:00', 'simple'],
  ['on a table whose history is not shared', iso(FIRST_COMMIT), 'guarded.limited'],
  ['of a version before the shared start', iso(FIRST_COMMIT), 'guarded.started'],
])('19: a time %s is a 400', async (_, time, table) => {
  expect(await failure(await since(time, table))).toMatchObject({ status: 400 })
})

it('20: the version of an unknown table is a 404, of HEAD without a body', async () => {
  const get = await server.ask(`${tablePath('missing')}/version`)
  expect(await failure(get)).toMatchObject({ status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST' })
  const head = await server.ask(tablePath('missing'), { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([404, ''])
})

it('a table that is shared and not there is a 404 that says no more', async () => {
  for (const path of ['/version', '/metadata']) {
    const answer = await failure(await server.ask(tablePath('guarded.gone') + path))
    expect(answer).toEqual({
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: 'the table is shared, but its files are missing; ask your provider',
    })
  }
})
