import { setTimeout as sleep } from 'node:timers/promises'
import type { ShareCatalog } from '@spillway/core'
import { afterEach, expect, it } from 'vitest'
import { audienceText } from '../../src/downloads/file-audience.js'
import {
  type AccessRecord,
  createConfigShares,
  type FileGateway,
  fileDownloads,
} from '../../src/index.js'
import { add, ID, metaData, protocol } from '../support/lake.js'
import { type Running, startServer } from '../support/serve.js'

const SECRET = 'a secret of a gateway'
const recipient = { id: 'acme', name: 'acme' }
const never = () => new Promise<never>(() => undefined)

let server: Running | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

/** Downloads without end of one table, asked of a catalog that can be made to wait. */
async function downloads() {
  const inner = createConfigShares({
    shares: [
      { name: 's', schemas: [{ name: 'x', tables: [{ name: 't', location: 'file:///t' }] }] },
    ],
    recipients: [{ name: 'acme', tokens: [{ sha256: 'a'.repeat(64) }], shares: ['s'] }],
  })
  const catalog: ShareCatalog = { ...inner }
  const table = (await inner.table(recipient, { share: 's', schema: 'x', table: 't' }))!
  const audience = audienceText({ recipient, table }, SECRET)
  const gateway: FileGateway = {
    async handle(_, options = {}) {
      if (!(await options.isCurrent!(audience))) return new Response(null, { status: 403 })
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
        controller.enqueue(new Uint8Array(10))
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }))
    },
  }
  const log: AccessRecord[] = []
  const files = fileDownloads({
    gateway,
    catalog,
    secrets: [SECRET],
    log: record => log.push({ ...record }),
    downloadsPerRecipient: 1,
    grantSeconds: 0.2,
  })
  const get = (signal?: AbortSignal) =>
    files.fetch(new Request('http://x/files/a', signal ? { signal } : {}))
  return { catalog, mend: () => Object.assign(catalog, inner), log, get }
}

it.each(['isKnown', 'table'] as const)(
  'a new download whose catalog never answers %s is a 503, and holds no turn',
  async name => {
    const { catalog, mend, log, get } = await downloads()
    const heard: (AbortSignal | undefined)[] = []
    catalog[name] = (...given: readonly unknown[]) => {
      heard.push(given.at(-1) as AbortSignal)
      return never()
    }
    for (let i = 0; i < 2; i++) {
      const answer = await get()
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    }
    expect(heard.map(signal => signal?.aborted)).toEqual([true, true])
    const error = { code: 'STORAGE_UNAVAILABLE' }
    expect(log).toMatchObject(Array(2).fill({ status: 503, outcome: 'failed', error }))
    mend()
    const whole = await get()
    expect(whole.status).toBe(200)
    await whole.body!.cancel()
  },
)

it.each(['isKnown', 'table'] as const)(
  'a download under way breaks off where its catalog never answers %s',
  async name => {
    const { catalog, mend, log, get } = await downloads()
    const reader = (await get()).body!.getReader()
    await reader.read()
    catalog[name] = never
    await sleep(1100)
    await expect(reader.read()).rejects.toThrow(/did not say within 0.2 seconds/)
    expect(log).toMatchObject([{ outcome: 'failed', error: { code: 'STORAGE_UNAVAILABLE' } }])
    mend()
    await (await get()).body!.cancel()
    expect(log.at(-1)).toMatchObject({ status: 200 })
  },
)

it('who leaves while the catalog is asked gives the turn back at once, and is on record', async () => {
  const { catalog, mend, log, get } = await downloads()
  const gone = new AbortController()
  let heard: AbortSignal | undefined
  catalog.table = (_, __, signal) => {
    heard = signal
    return never()
  }
  const asked = get(gone.signal)
  await expect.poll(() => heard).toBeDefined()
  gone.abort()
  await asked
  expect(heard?.aborted).toBe(true)
  expect(log).toMatchObject([{ outcome: 'cancelled', status: 499 }])
  mend()
  expect((await get()).status).toBe(200)
})

it('an answer that streams breaks off where its catalog does not say whether the table is still shared', async () => {
  const catalog = {} as ShareCatalog
  server = await startServer({ catalog, limits: { grantSeconds: 0.2 } })
  let asked = 0
  const heard: (AbortSignal | undefined)[] = []
  const { shares, log } = server
  Object.assign(catalog, shares, {
    table(...given: Parameters<ShareCatalog['table']>) {
      asked++
      if (asked < 3) return shares.table(...given)
      heard.push(given[2])
      return never()
    },
  })
  const big = server.lake.table('simple')
  big.commit(
    protocol,
    metaData([ID]),
    ...Array.from({ length: 5000 }, (_, i) => add(`f${i}.parquet`)),
  )
  const answer = await server.query('simple')
  await expect(answer.text()).rejects.toThrow()
  await expect.poll(() => log.length).toBe(1)
  expect(log[0]).toMatchObject({
    outcome: 'failed',
    error: {
      message: 'the catalog did not say within 0.2 seconds whether the table is still shared',
    },
  })
  expect(heard.map(signal => signal?.aborted)).toEqual([true])
})
