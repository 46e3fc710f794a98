import type { AddressInfo } from 'node:net'
import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { localGateway, localStore } from '@spillway/storage'
import { expect } from 'vitest'
import { createConfigShares, createSharingServer, type SharingServer } from '../../src/index.js'
import { add, createLake, ID, metaData, protocol } from './lake.js'
import { sha256 } from './serve.js'

/** A server that a test mounts somewhere, and the lake below it. */
export function serverToMount(): { readonly server: SharingServer; readonly remove: () => void } {
  const lake = createLake()
  const table = lake.table('simple')
  table.commit(protocol, metaData([ID]), add('a', { ids: [1, 1] }), add('b', { ids: [2, 2] }))
  const secret = 'a secret of sixteen bytes or more'
  const gateway = localGateway({ roots: [lake.root], secret, baseUrl: 'http://localhost/files' })
  const cache = createBatchCache({ maxBytes: 1024 ** 2 })
  const server = createSharingServer({
    engine: createEngine({
      readers: [deltaReader({ store: localStore(), cache })],
      signers: [gateway.signer],
    }),
    catalog: createConfigShares({
      shares: [
        {
          name: 'lake',
          schemas: [{ name: 'main', tables: [{ name: 'simple', location: table.location }] }],
        },
      ],
      recipients: [{ name: 'acme', tokens: [{ sha256: sha256('token') }], shares: ['lake'] }],
    }),
  })
  return { server, remove: lake.remove }
}

/** Asks what every mounting must answer: a list, a refusal, a HEAD, a posted body, and the route beside it. */
export async function expectMounted(address: AddressInfo | string | null): Promise<void> {
  const origin = `http://127.0.0.1:${(address as AddressInfo).port}`
  const headers = { authorization: 'Bearer token' }
  const shares = `${origin}/delta-sharing/shares`
  const table = `${shares}/lake/schemas/main/tables/simple`
  const list = await fetch(shares, { headers })
  expect(await list.json()).toMatchObject({ items: [{ name: 'lake' }] })
  expect((await fetch(shares)).status).toBe(401)
  const head = await fetch(table, { headers, method: 'HEAD' })
  expect(head.headers.get('delta-table-version')).toBe('0')
  const query = await fetch(`${table}/query`, {
    headers: { ...headers, 'content-type': 'application/json' },
    method: 'POST',
    body: '{"limitHint":1}',
  })
  expect((await query.text()).trimEnd().split('\n')).toHaveLength(3)
  expect(await (await fetch(`${origin}/hello`)).text()).toBe('hello')
}
