import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localGateway } from '@spillway/storage'
import { afterAll, expect, it } from 'vitest'
import { audienceText } from '../src/file-audience.js'
import { type AccessRecord, createConfigShares, fileDownloads } from '../src/index.js'
import { sha256 } from './serve.js'

const SECRET = 'a secret of a gateway'
const folder = mkdtempSync(join(tmpdir(), 'downloads-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Longer than what is read ahead, so that a download which nobody reads stays under way. */
const BYTES = Buffer.alloc(4 * 1024 ** 2, 'x')

async function gatewayOf(downloadsPerRecipient: number) {
  const path = join(folder, 'part-0.parquet')
  writeFileSync(path, BYTES)
  const table = { name: 't', location: folder }
  const catalog = createConfigShares({
    shares: [{ name: 's', schemas: [{ name: 'x', tables: [table] }] }],
    recipients: ['acme', 'other'].map(name => ({
      name,
      tokens: [{ sha256: sha256(name) }],
      shares: ['s'],
    })),
  })
  const log: AccessRecord[] = []
  const gateway = localGateway({ roots: [folder], secret: SECRET, baseUrl: 'http://x/files' })
  const files = fileDownloads({
    gateway,
    catalog,
    secrets: [SECRET],
    log: record => log.push({ ...record }),
    downloadsPerRecipient,
  })
  return {
    log,
    catalog,
    async urlOf(recipient: string) {
      const shared = await catalog.table(
        { id: recipient, name: recipient },
        { share: 's', schema: 'x', table: 't' },
      )
      const audience = audienceText(
        { recipient: { id: recipient, name: recipient }, table: shared! },
        SECRET,
      )
      const options = { now: Date.now(), expiresInSeconds: 60, audience }
      return (await gateway.signer.sign([path], options)).urls[0]!
    },
    get: (url: string, method = 'GET') => files.fetch(new Request(url, { method })),
  }
}

it('stalled downloads of one recipient leave the others theirs, and end with who has gone', async () => {
  const { get, urlOf, log } = await gatewayOf(2)
  const url = await urlOf('acme')
  const stalled = [await get(url), await get(url)]
  expect(stalled.map(({ status }) => status)).toEqual([200, 200])
  const refused = await get(url)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(refused.headers.get('spillway-error')).toMatch(
    /^REQUEST_LIMIT_EXCEEDED; you have 2 downloads under way/,
  )
  expect(refused.body).toBeNull()
  expect(log.at(-1)).toMatchObject({
    status: 429,
    recipient: 'acme',
    outcome: 'failed',
    error: { code: 'RATE_LIMITED' },
  })
  const others = await get(await urlOf('other'))
  expect(Buffer.from(await others.arrayBuffer())).toEqual(BYTES)
  await stalled[0]!.body!.cancel()
  const again = await get(url)
  expect((await again.arrayBuffer()).byteLength).toBe(BYTES.length)
  expect((await stalled[1]!.arrayBuffer()).byteLength).toBe(BYTES.length)
  // Those that ended, and those without a body, hold no turn.
  for (let i = 0; i < 5; i++) expect((await get(url, 'HEAD')).status).toBe(200)
  expect((await get(url)).status).toBe(200)
})

it('a download under way breaks off once its file is no longer shared, and is on record', async () => {
  const { get, urlOf, log, catalog } = await gatewayOf(2)
  const url = await urlOf('acme')
  const reader = (await get(url)).body!.getReader()
  let taken = (await reader.read()).value!.byteLength
  await sleep(1100)
  // Still shared: it goes on.
  taken += (await reader.read()).value!.byteLength
  catalog.replace({ shares: [{ name: 's', schemas: [{ name: 'x', tables: [] }] }] })
  await sleep(1100)
  const rest = async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      taken += next.value.byteLength
    }
  }
  await expect(rest()).rejects.toThrow(/no longer shared/)
  expect(taken).toBeLessThan(BYTES.length)
  expect(log.at(-1)).toMatchObject({
    status: 200,
    recipient: 'acme',
    outcome: 'failed',
    bytesSent: taken,
    error: { code: 'PERMISSION_DENIED' },
  })
  const refused = await get(url)
  expect(refused.status).toBe(403)
  // Who still asks, and for what, is on record too.
  expect(log.at(-1)).toMatchObject({ status: 403, recipient: 'acme', share: 's', table: 't' })
})

it('a catalog that fails is trouble that may pass, and on record', async () => {
  const { get, urlOf, log, catalog } = await gatewayOf(2)
  const url = await urlOf('acme')
  Object.assign(catalog, { table: () => Promise.reject(new Error('the catalog is away')) })
  const answer = await get(url)
  expect([answer.status, answer.headers.get('retry-after'), answer.body]).toEqual([503, '1', null])
  expect(log.at(-1)).toMatchObject({ status: 503, error: { message: 'the catalog is away' } })
})
