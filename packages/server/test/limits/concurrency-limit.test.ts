import { expect, it } from 'vitest'
import { createConcurrencyLimit } from '../../src/limits/concurrency-limit.js'
import { add, ID, metaData, protocol } from '../support/lake.js'
import { failure, OTHER_TOKEN, startServer, TOKEN, tablePath } from '../support/serve.js'

it('gives each recipient its own places, and each place back once', () => {
  const limit = createConcurrencyLimit(2)
  const first = limit.take('a')
  limit.take('a')
  expect(() => limit.take('a')).toThrow(/2 requests under way/)
  limit.take('b')
  first()
  first()
  limit.take('a')
  expect(() => limit.take('a')).toThrow(/under way/)
})

it('answers 429 with Retry-After while a recipient’s answers are still being read', async () => {
  const server = await startServer({ limits: { requestsPerRecipient: 1 } })
  const big = server.lake.table('big')
  const files = Array.from({ length: 30_000 }, (_, index) => add(`f${index}`))
  big.commit(protocol, metaData([ID]), ...files)
  server.shares.replace({
    ...server.config,
    shares: [
      {
        name: 'Lake',
        schemas: [{ name: 'Main', tables: [{ name: 'big', location: big.location }] }],
      },
      { name: 'other' },
      { name: 'third' },
    ],
  })
  const gone = new AbortController()
  const unread = await fetch(`${server.origin}/delta-sharing${tablePath('big')}/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'accept-encoding': 'identity' },
    signal: gone.signal,
  })
  const refused = await server.ask('/shares')
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await failure(refused)).toMatchObject({ status: 429, errorCode: 'REQUEST_LIMIT_EXCEEDED' })
  const other = { headers: { authorization: `Bearer ${OTHER_TOKEN}` } }
  expect((await server.ask('/shares', other)).status).toBe(200)
  gone.abort()
  await unread.text().catch(() => undefined)
  await expect.poll(async () => (await server.ask('/shares')).status, { timeout: 10_000 }).toBe(200)
  expect(server.log.find(record => record.table === 'big')).toMatchObject({ outcome: 'cancelled' })
  await server.close()
})
