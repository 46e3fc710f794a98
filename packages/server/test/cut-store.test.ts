import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ObjectStore, TableError } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { createBatchCache, createEngine } from '@spillway/engine'
import { localGateway, localStore } from '@spillway/storage'
import { spreadOf } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { createConfigShares, createSharingServer } from '../src/index.js'
import { sha256, TOKEN } from './support/serve.js'

const fixtures = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))

/** A store that fails from its `failAt`th operation on; counts them. */
function failingStore(failAt: number): {
  readonly store: ObjectStore
  readonly used: () => number
} {
  const whole = localStore()
  let used = 0
  const step = () => {
    if (++used >= failAt) throw new TableError('STORAGE_UNAVAILABLE', 's3 said SlowDown at a key')
  }
  const store: ObjectStore = {
    async get(path, options) {
      step()
      return whole.get(path, options)
    },
    async head(path, signal) {
      step()
      return whole.head(path, signal)
    },
    async *list(prefix, options) {
      step()
      for await (const entry of whole.list(prefix, options)) {
        step()
        yield entry
      }
    },
    async *listPrefixes(prefix, signal) {
      step()
      yield* whole.listPrefixes(prefix, signal)
    },
  }
  return { store, used: () => used }
}

/** A server that has read nothing yet, over that store. */
function serverOver(store: ObjectStore, table: string) {
  const location = `file://${join(fixtures, table)}`
  const gateway = localGateway({
    roots: [fixtures],
    secret: 'a secret of sixteen bytes or more',
    baseUrl: 'http://localhost/files',
  })
  const engine = createEngine({
    readers: [deltaReader({ store, cache: createBatchCache({ maxBytes: 64 * 1024 ** 2 }) })],
    signers: [gateway.signer],
  })
  return createSharingServer({
    engine,
    catalog: createConfigShares({
      shares: [
        {
          name: 'lake',
          schemas: [{ name: 'x', tables: [{ name: 't', location, history: true }] }],
        },
      ],
      recipients: [{ name: 'acme', tokens: [{ sha256: sha256(TOKEN) }], shares: ['lake'] }],
    }),
  })
}

interface Asked {
  readonly path: string
  readonly body?: string
  readonly end: boolean
}

async function ask(store: ObjectStore, table: string, { path, body, end }: Asked) {
  const capabilities = `responseformat=delta;readerfeatures=deletionvectors${end ? ';includeendstreamaction=true' : ''}`
  const response = await serverOver(store, table).fetch(
    new Request(`http://localhost/delta-sharing/shares/lake/schemas/x/tables/t${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'delta-sharing-capabilities': capabilities },
      ...(body !== undefined && { body }),
    }),
  )
  const text = await response.text().catch(() => undefined)
  const last = text?.trimEnd().split('\n').at(-1) ?? ''
  return {
    status: response.status,
    text,
    looksWhole: response.status === 200 && text !== undefined && !last.includes('errorMessage'),
  }
}

/** Without what each signature makes different. */
const unsigned = (text: string | undefined) =>
  text?.replace(/(expires=|Signature=|imestamp":)[0-9a-f]+/g, '$1')

it.each<readonly [string, Asked]>([
  ['plain', { path: '/query', body: '{}', end: false }],
  ['checkpoint-classic', { path: '/query', body: '{}', end: false }],
  ['checkpoint-classic', { path: '/query', body: '{"predicateHints":["id > 1"]}', end: true }],
  ['checkpoint-v2-parquet', { path: '/query', body: '{}', end: true }],
  ['checkpoint-multipart', { path: '/query', body: '{"maxFiles":1}', end: false }],
  ['dv-delete', { path: '/query', body: '{}', end: false }],
  ['many-versions', { path: '/query', body: '{"version":5}', end: false }],
  ['many-versions', { path: '/query', body: '{"startingVersion":0}', end: true }],
  ['cdf', { path: '/changes?startingVersion=0', end: false }],
  ['cdf', { path: '/metadata', end: false }],
])('%s %o is whole, refused or broken wherever storage fails', async (table, asked) => {
  const sound = failingStore(Number.POSITIVE_INFINITY)
  const whole = await ask(sound.store, table, asked)
  expect(whole.looksWhole).toBe(true)
  expect(sound.used()).toBeGreaterThan(2)
  const places = Array.from({ length: sound.used() }, (_, i) => i + 1)
  for (const failAt of spreadOf(places, 25)) {
    const cut = await ask(failingStore(failAt).store, table, asked)
    // An operation of which nobody waits for the result may fail: then the answer is the whole one.
    if (cut.looksWhole) expect([failAt, unsigned(cut.text)]).toEqual([failAt, unsigned(whole.text)])
    else expect([503, 200]).toContain(cut.status)
    expect(cut.text ?? '').not.toContain('SlowDown')
  }
})
