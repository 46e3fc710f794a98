import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localGateway } from '@spillway/storage'
import { afterAll, describe, expect, it } from 'vitest'
import { audienceText } from '../../src/downloads/file-audience.js'
import { type AccessRecord, createConfigShares, fileDownloads } from '../../src/index.js'
import { nodeListener } from '../../src/node.js'
import { sha256 } from '../support/serve.js'

const SECRET = 'a secret of a gateway'
const folder = mkdtempSync(join(tmpdir(), 'downloads-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Longer than what is read ahead, so that a download which nobody reads stays under way. */
const BYTES = Buffer.alloc(32 * 1024 ** 2, 'x')

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
    fetch: (request: Request) => files.fetch(request),
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
  expect(BYTES.equals(Buffer.from(await others.arrayBuffer()))).toBe(true)
  await stalled[0]!.body!.cancel()
  const again = await get(url)
  expect((await again.arrayBuffer()).byteLength).toBe(BYTES.length)
  expect((await stalled[1]!.arrayBuffer()).byteLength).toBe(BYTES.length)
  // Those that ended, and those without a body, hold no turn.
  for (let i = 0; i < 5; i++) expect((await get(url, 'HEAD')).status).toBe(200)
  const last = await get(url)
  expect(last.status).toBe(200)
  await last.body!.cancel()
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

describe('over connections', () => {
  async function listening(downloadsPerRecipient: number) {
    const made = await gatewayOf(downloadsPerRecipient)
    const url = new URL(await made.urlOf('acme'))
    // Who asks is looked up for a while, as in a catalog that is somewhere else.
    const slow = {
      async fetch(request: Request) {
        await sleep(50)
        return made.fetch(request)
      },
    }
    const server = createServer(nodeListener(slow)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const head = `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: x\r\n\r\n`
    const connected = async (text: string) => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      await once(socket, 'connect')
      socket.write(text)
      return socket
    }
    const ask = () => fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`)
    return { ...made, head, connected, ask, close: () => server.close() }
  }

  it('who leaves before the answer begins gives the turn back, and is on record', async () => {
    const { head, connected, ask, log, close } = await listening(2)
    for (let i = 0; i < 4; i++) {
      const socket = await connected(head)
      await sleep(10)
      socket.destroy()
    }
    await expect.poll(() => log.length).toBe(4)
    expect(log.map(({ outcome }) => outcome)).toEqual(Array(4).fill('cancelled'))
    const whole = await ask()
    expect([whole.status, (await whole.arrayBuffer()).byteLength]).toEqual([200, BYTES.length])
    close()
  })

  it('so do answers that wait behind another of their connection', async () => {
    const { head, connected, ask, log, close } = await listening(5)
    const socket = await connected(head.repeat(5))
    await sleep(400)
    expect((await ask()).status).toBe(429)
    socket.destroy()
    await expect.poll(() => log.filter(({ outcome }) => outcome === 'cancelled').length).toBe(5)
    const whole = await ask()
    expect([whole.status, (await whole.arrayBuffer()).byteLength]).toEqual([200, BYTES.length])
    close()
  })
})

it('a catalog that fails is trouble that may pass, and on record', async () => {
  const { get, urlOf, log, catalog } = await gatewayOf(2)
  const url = await urlOf('acme')
  Object.assign(catalog, { table: () => Promise.reject(new Error('the catalog is away')) })
  const answer = await get(url)
  expect([answer.status, answer.headers.get('retry-after'), answer.body]).toEqual([503, '1', null])
  expect(log.at(-1)).toMatchObject({ status: 503, error: { message: 'the catalog is away' } })
})
