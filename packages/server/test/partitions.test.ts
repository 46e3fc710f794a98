import { afterAll, beforeAll, expect, it } from 'vitest'
import { createConfigShares } from '../src/index.js'
import { add, cdc, DAY, ID, metaData, protocol, remove } from './support/lake.js'
import {
  failure,
  type Line,
  linesOf,
  type Running,
  startServer,
  tablePath,
} from './support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer()
  const feed = server.lake.table('feed')
  const on = (day: string) => ({ partitionValues: { day } })
  feed.commit(
    protocol,
    metaData([ID, DAY], {
      partitionColumns: ['day'],
      configuration: { 'delta.enableChangeDataFeed': 'true' },
    }),
  )
  feed.commit(add('a', on('2026-01-01')), add('b', on('2026-01-02')))
  feed.commit(
    remove('b', on('2026-01-02')),
    add('c', on('2026-01-01')),
    cdc('x', on('2026-01-01')),
    cdc('y', on('2026-01-02')),
  )
  const table = (name: string, of: string, partitions: string) => ({
    name,
    location: `file://${server.lake.root}/${of}`,
    history: true,
    partitions,
  })
  const tables = [
    table('some', 'partitioned', "day IN ('2026-01-01', '2026-01-02')"),
    table('inverse', 'partitioned', "NOT (day = '2026-01-01')"),
    table('none', 'partitioned', "day = '1999-01-01'"),
    table('fed', 'feed', "day = '2026-01-01'"),
    table('wrong', 'partitioned', 'id > 5'),
  ]
  server.shares.replace({
    ...server.config,
    shares: [
      { name: 'Lake', schemas: [{ name: 'Main', tables }] },
      { name: 'other' },
      { name: 'third' },
    ],
  })
})
afterAll(() => server.close())

const daysOf = (lines: readonly Line[]) =>
  lines
    .flatMap(line => Object.values(line))
    .flatMap(body => {
      const values = body.partitionValues as { readonly day: string } | undefined
      return values === undefined ? [] : [values.day]
    })

it.each([
  ['some', {}, ['2026-01-01', '2026-01-02']],
  ['inverse', {}, ['2026-01-02', '2026-01-03', '2026-01-04']],
  ['none', {}, []],
  ['some', { predicateHints: ["day >= '2026-01-02'"] }, ['2026-01-02']],
  ['some', { predicateHints: ["day = '2026-01-03' OR true"] }, ['2026-01-01', '2026-01-02']],
  ['some', { version: 0 }, ['2026-01-01', '2026-01-02']],
  ['some', { startingVersion: 0 }, ['2026-01-01', '2026-01-02']],
  ['some', { limitHint: 1 }, ['2026-01-01']],
])('of table %s asked with %j only the shared partitions are given', async (table, body, days) => {
  const given = daysOf(await linesOf(await server.query(table, body)))
  expect(given.sort()).toEqual(days)
})

it('pages give the shared partitions only', async () => {
  const days: string[] = []
  let pageToken: string | undefined
  do {
    const body = { maxFiles: 1, ...(pageToken && { pageToken }) }
    const lines = await linesOf(await server.query('some', body))
    days.push(...daysOf(lines))
    pageToken = lines.at(-1)?.endStreamAction?.nextPageToken as string | undefined
  } while (pageToken !== undefined)
  expect(days.sort()).toEqual(['2026-01-01', '2026-01-02'])
})

it('changes of other partitions are not given', async () => {
  const response = await server.ask(`${tablePath('fed')}/changes?startingVersion=0`)
  const lines = await linesOf(response)
  expect(lines.slice(2).map(line => Object.keys(line)[0])).toEqual(['add', 'cdf'])
  expect(new Set(daysOf(lines))).toEqual(new Set(['2026-01-01']))
})

it('does not tell how large the table is', async () => {
  const [, line] = await linesOf(await server.ask(`${tablePath('some')}/metadata`))
  expect(line?.metaData).not.toHaveProperty('size')
  expect(line?.metaData).not.toHaveProperty('numFiles')
})

it('shares nothing by a filter that partition values cannot decide', async () => {
  const response = await server.query('wrong')
  const answer = await failure(response)
  expect(answer).toMatchObject({ status: 400, errorCode: 'UNSUPPORTED_FEATURE' })
  expect(answer.message).not.toMatch(/\bid\b/)
  expect(server.log.at(-1)?.error).toMatchObject({
    context: { reason: expect.stringMatching(/id is not a partition column/) },
  })
})

it('refuses a filter that it does not understand entirely', () => {
  const tables = [{ name: 't', location: 's3://b/t', partitions: 'f(day) = 1 AND day IS NOT NULL' }]
  const config = { shares: [{ name: 's', schemas: [{ name: 'x', tables }] }] }
  expect(() => createConfigShares(config)).toThrow(/the partitions of table t/)
})
