import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { memoryStore } from '@spillway/storage'
import { deltaAdd, deltaTable } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { type AccessRecord, createConfigShares, createSharingServer } from '../../src/index.js'
import { sha256, TOKEN } from '../support/serve.js'

const LOCATION = 'file:///lake/t'

const configOf = (more: object, shares = ['s']) => ({
  shares: [
    { name: 's', schemas: [{ name: 'x', tables: [{ name: 't', location: LOCATION, ...more }] }] },
  ],
  recipients: [{ name: 'acme', tokens: [{ sha256: sha256(TOKEN) }], shares }],
})

async function start() {
  const store = memoryStore()
  const table = deltaTable(store, LOCATION)
  await table.create({ fields: [{ name: 'id', type: 'long' }] })
  await table.commit(...Array.from({ length: 5000 }, (_, i) => deltaAdd(`${'x'.repeat(100)}${i}`)))
  const signed = { files: 0 }
  const engine = createEngine({
    readers: [deltaReader({ store, cache: createBatchCache({ maxBytes: 1024 ** 2 }) })],
    signers: [
      {
        covers: () => true,
        async sign(paths, { now, expiresInSeconds }) {
          signed.files += paths.length
          const urls = paths.map(path => `https://bucket.example/${encodeURIComponent(path)}`)
          return { urls, expiresAt: now + expiresInSeconds * 1000 }
        },
      },
    ],
  })
  const catalog = createConfigShares(configOf({}))
  const log: AccessRecord[] = []
  const server = createSharingServer({ engine, catalog, log: record => log.push({ ...record }) })
  return { server, catalog, signed, log }
}

const question = (end: boolean) =>
  new Request('http://x/delta-sharing/shares/s/schemas/x/tables/t/query', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(end && { 'delta-sharing-capabilities': 'includeendstreamaction=true' }),
    },
    body: '{}',
  })

it.each<readonly [string, object]>([
  ['the grant is taken back', configOf({}, [])],
  ['the recipient is taken out', { ...configOf({}), recipients: [] }],
  [
    'its last token is taken out',
    { ...configOf({}), recipients: [{ name: 'acme', shares: ['s'] }] },
  ],
  ['the table is shared otherwise', configOf({ redactDropped: 'refuse' })],
])('an answer under way ends visibly broken when %s', async (_, next) => {
  const { server, catalog, signed, log } = await start()
  const reader = (await server.fetch(question(false))).body!.getReader()
  await reader.read()
  catalog.replace(next)
  const rest = async () => {
    while (!(await reader.read()).done);
  }
  await expect(rest()).rejects.toThrow(/shared/)
  expect(signed.files).toBeLessThan(2000)
  expect(log[0]).toMatchObject({ outcome: 'failed' })
})

it('says so in the last line to who asked for one', async () => {
  const { server, catalog } = await start()
  const response = await server.fetch(question(true))
  const reader = response.body!.getReader()
  await reader.read()
  catalog.replace(configOf({}, []))
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    text += new TextDecoder().decode(value)
  }
  expect(text.trimEnd().split('\n').at(-1)).toMatch(
    /"errorMessage":"what is shared .*changed".*403/,
  )
})

it('an answer goes on when other things change, and what it signed is kept on record', async () => {
  const { server, catalog, signed } = await start()
  const before = Date.now()
  const response = await server.fetch(question(false))
  catalog.replace({ ...configOf({}), shares: [...configOf({}).shares, { name: 'more' }] })
  expect((await response.text()).split('\n').length).toBeGreaterThan(5000)
  expect(signed.files).toBe(5000)
  const entries = server.signed.entries()
  expect(entries).toMatchObject([
    {
      recipient: 'acme',
      share: 's',
      schema: 'x',
      table: 't',
      at: 'https://bucket.example',
      kind: 'url',
    },
  ])
  expect(entries[0]!.until).toBeGreaterThanOrEqual(before + 3600_000)
})
