import type { CredentialVendor } from '@spillway/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createConfigShares } from '../../src/index.js'
import {
  failure,
  linesOf,
  OTHER_TOKEN,
  type Running,
  startServer,
  tablePath,
} from '../support/serve.js'

const vended: string[] = []

/** Covers whatever is on disk, and says what it was asked for. */
const vendor: CredentialVendor = {
  covers: location => location.startsWith('file://') || location.startsWith('s3'),
  async vend(location, { expiresInSeconds }) {
    vended.push(location)
    return {
      expiresAt: server.time.now + expiresInSeconds * 1000,
      credentials: { kind: 'aws', accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't' },
    }
  },
}

let server: Running
let root: string
beforeAll(async () => {
  server = await startServer({ vendors: [vendor] })
  root = `file://${server.lake.root}/simple`
  const open = { location: root, history: true }
  server.shares.replace({
    ...server.config,
    shares: [
      {
        name: 'Lake',
        schemas: [
          {
            name: 'Main',
            tables: [
              {
                name: 'both',
                ...open,
                accessModes: ['url', 'dir'],
                auxiliaryLocations: ['s3a://b/aux/'],
              },
              { name: 'dir', ...open, accessModes: ['dir'] },
              { name: 'url', ...open },
              { name: 'elsewhere', ...open, location: 'gs://b/t', accessModes: ['url', 'dir'] },
              {
                name: 'partly',
                ...open,
                accessModes: ['url', 'dir'],
                auxiliaryLocations: ['gs://b/aux'],
              },
            ],
          },
        ],
      },
      { name: 'other' },
      {
        name: 'third',
        schemas: [{ name: 'x', tables: [{ name: 'y', ...open, accessModes: ['dir'] }] }],
      },
    ],
  })
})
afterAll(() => server.close())

function ask(table: string, body?: string): Promise<Response> {
  const path = `${tablePath(table)}/temporary-table-credentials`
  return server.ask(path, { method: 'POST', ...(body !== undefined && { body }) })
}

it.each([undefined, '', '{}', '{"location":null}'])(
  '76: the body %j means the root',
  async body => {
    const response = await ask('both', body)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await response.json()).toEqual({
      credentials: {
        location: root,
        awsTempCredentials: { accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't' },
        expirationTime: server.time.now + 3600_000,
      },
    })
  },
)

it.each([
  ['the root with a slash', () => `${root}/`, () => root],
  ['an auxiliary location', () => 's3a://b/aux/', () => 's3a://b/aux/'],
  ['an auxiliary location by another scheme', () => 's3://b/aux', () => 's3a://b/aux/'],
])('77: %s is given as the provider wrote it', async (_, asked, given) => {
  const response = await ask('both', JSON.stringify({ location: asked() }))
  const { credentials } = (await response.json()) as { credentials: { location: string } }
  expect(credentials.location).toBe(given())
  expect(vended.at(-1)).toBe(given())
})

it.each([
  ['a folder below', () => `${root}/day=1`],
  ['a folder beside', () => `${root}2`],
  ['a way around', () => `${root}/../partitioned`],
  ['a foreign one', () => 's3://other/bucket'],
  ['the empty one', () => ''],
])('77: %s is a 400, and nothing is vended', async (_, location) => {
  vended.length = 0
  const answer = await failure(await ask('both', JSON.stringify({ location: location() })))
  expect([answer.status, vended]).toEqual([400, []])
})

it.each(['[]', '{"location":1}', '{'])('the body %s is a 400', async body => {
  expect((await failure(await ask('both', body))).status).toBe(400)
})

it.each(['url', 'elsewhere', 'partly'])(
  '78: table %s, which does not offer dir, is a 400',
  async table => {
    expect((await failure(await ask(table))).status).toBe(400)
  },
)

it('79: an ungranted table is a 404', async () => {
  const init = { method: 'POST', headers: { authorization: `Bearer ${OTHER_TOKEN}` } }
  const path = '/shares/third/schemas/x/tables/y/temporary-table-credentials'
  expect((await server.ask(path, init)).status).toBe(404)
})

it('13: location and access modes are told where dir is offered, and only there', async () => {
  const response = await server.ask('/shares/Lake/all-tables')
  const { items } = (await response.json()) as { items: readonly Record<string, unknown>[] }
  const told = Object.fromEntries(
    items.map(({ name, location, accessModes, auxiliaryLocations }) => [
      name,
      [location, accessModes, auxiliaryLocations],
    ]),
  )
  expect(told).toEqual({
    both: [root, ['url', 'dir'], ['s3a://b/aux/']],
    dir: [root, ['dir'], undefined],
    elsewhere: [undefined, undefined, undefined],
    partly: [undefined, undefined, undefined],
    url: [undefined, undefined, undefined],
  })
  const [, line] = await linesOf(await server.ask(`${tablePath('both')}/metadata`))
  expect(line?.metaData).toMatchObject({ location: root, accessModes: ['url', 'dir'] })
  const [, plain] = await linesOf(await server.ask(`${tablePath('url')}/metadata`))
  expect(plain?.metaData).not.toHaveProperty('location')
})

it('a table shared by dir alone is not queried', async () => {
  const answer = await failure(await server.query('dir'))
  expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(/dir access only/) })
  expect((await server.ask(`${tablePath('dir')}/version`)).status).toBe(200)
})

it.each([
  ['its history', {}],
  ['earlier versions', { history: true, startVersion: 2 }],
  ['other partitions', { history: true, partitions: 'a = 1' }],
  ['later versions', { history: true, metadataFile: 'metadata/v1.metadata.json' }],
  ['log files', { history: true, view: 'read-optimized' as const }],
  ['where its files are', { history: true, rebase: [{ from: 's3://old', to: '' }] }],
])('a table that holds back %s cannot be shared by dir', (_, given) => {
  const table = { name: 't', location: 's3://b/t', accessModes: ['dir' as const], ...given }
  const config = { shares: [{ name: 's', schemas: [{ name: 'x', tables: [table] }] }] }
  expect(() => createConfigShares(config)).toThrow(/cannot be shared by dir access/)
})

it('the log says for which folder credentials were given, and nothing of them', async () => {
  server.log.length = 0
  await ask('both')
  await expect.poll(() => server.log.length).toBe(1)
  expect(server.log[0]).toMatchObject({ recipient: 'acme', table: 'both', vended: root })
  expect(JSON.stringify(server.log)).not.toMatch(/AKIA|awsTempCredentials/)
})

it('keys without a session have an empty one on the wire, which has no optional member', async () => {
  const own = await startServer({
    vendors: [
      {
        covers: () => true,
        vend: async () => ({
          expiresAt: 1,
          credentials: { kind: 'aws', accessKeyId: 'AKIA', secretAccessKey: 's' },
        }),
      },
    ],
  })
  const location = `file://${own.lake.root}/simple`
  const table = { name: 't', location, history: true, accessModes: ['dir' as const] }
  own.shares.replace({
    ...own.config,
    shares: [
      { name: 'Lake', schemas: [{ name: 'Main', tables: [table] }] },
      { name: 'other' },
      { name: 'third' },
    ],
  })
  const path = `${tablePath('t')}/temporary-table-credentials`
  expect(await (await own.ask(path, { method: 'POST' })).json()).toMatchObject({
    credentials: { awsTempCredentials: { sessionToken: '' } },
  })
  await own.close()
})
