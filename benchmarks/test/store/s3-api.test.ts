import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { s3Store } from '@spillway/storage/s3'
import { collect } from '@spillway/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type SimulatedStore, simulatedStore } from '../../src/store/s3-api.js'
import { type Climate, fateOf, ORDINARY } from '../../src/store/weather.js'

const CALM: Climate = {
  ...{ seed: 7, medianMs: 0.1, p99Ms: 0.2, bytesPerSecond: 1e9 },
  ...{ concurrency: 4, pageSize: 3, refused: 0 },
}
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
const root = mkdtempSync(join(tmpdir(), 'spillway-store-'))
let service: SimulatedStore
let climate = CALM
const server = createServer((request, response) => service.listener(request, response))
let endpoint = ''

beforeAll(async () => {
  for (const name of ['t/a', 't/b/1', 't/b/2', 't/c', 't/d=x y&z', 't2/other']) {
    const path = join(root, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, `bytes of ${name}`)
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  service = simulatedStore(root, climate)
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(root, { recursive: true })
})

function client() {
  return s3Store({ endpoint, pathStyle: true, region: 'us-east-1', credentials })
}

describe('the simulated store', () => {
  it('lists all pages in order, to our own client, and counts them', async () => {
    const listed = await collect(client().list('s3://lake/t/'))
    const names = ['a', 'b/1', 'b/2', 'c', 'd=x y&z']
    expect(listed.map(({ path }) => path)).toEqual(names.map(name => `s3://lake/t/${name}`))
    const { list, get, throttled } = service.take()
    expect({ list, get, throttled }).toEqual({ list: 2, get: 0, throttled: 0 })
  })

  it('gives ranges, from the front and from the end, and counts requests and bytes', async () => {
    const store = client()
    const range = { start: 0, end: 5 }
    const first = await store.get('s3://lake/t/a', { range })
    const last = await store.get('s3://lake/t/a', { range: { suffix: 3 } })
    const whole = await store.get('s3://lake/t/d=x y&z')
    const texts = [first, last, whole].map(found => Buffer.from(found!.bytes).toString())
    expect(texts).toEqual(['bytes', 't/a', 'bytes of t/d=x y&z'])
    expect(service.take()).toMatchObject({ get: 3, bytes: 5 + 3 + 18 })
    expect(await store.get('s3://lake/t/none')).toBeUndefined()
  })

  it('has one bucket, and nothing above it', async () => {
    const status = async (path: string) => (await fetch(`${endpoint}/${path}`)).status
    expect(await status('other/t/a')).toBe(404)
    expect(await status('lake/..%2f..%2fetc/passwd')).toBe(500)
  })

  it('folds keys at a delimiter, page by page', async () => {
    const url = `${endpoint}/lake?list-type=2&prefix=t/&delimiter=/&max-keys=2`
    const first = await (await fetch(url)).text()
    expect(first).toContain('<CommonPrefixes><Prefix>t/b/</Prefix></CommonPrefixes>')
    expect(first).toContain('<NextContinuationToken>t/b/</NextContinuationToken>')
    const second = await (await fetch(`${url}&continuation-token=t/b/`)).text()
    expect(second).toContain('<Key>t/c</Key>')
    expect(second).toContain('<Key>t/d=x y&amp;z</Key>')
    expect(second).not.toContain('t/b/')
    expect(second).toContain('<IsTruncated>false</IsTruncated>')
  })

  it('keeps conditions, and refuses to be written', async () => {
    const found = await fetch(`${endpoint}/lake/t/a`, { method: 'HEAD' })
    const etag = found.headers.get('etag')!
    const status = async (init: RequestInit) => (await fetch(`${endpoint}/lake/t/a`, init)).status
    expect(await status({ headers: { 'if-match': etag } })).toBe(200)
    expect(await status({ headers: { 'if-match': '"x"' } })).toBe(412)
    expect(await status({ headers: { 'if-none-match': etag } })).toBe(304)
    expect(await status({ headers: { range: 'bytes=99-' } })).toBe(416)
    expect(await status({ method: 'PUT', body: 'x' })).toBe(501)
  })

  it('refuses a share of requests once, which a client asks for again', async () => {
    climate = { ...CALM, refused: 1 }
    service = simulatedStore(root, climate)
    climate = CALM
    expect((await client().get('s3://lake/t/a'))?.bytes).toHaveLength(12)
    expect(service.take()).toMatchObject({ get: 1, throttled: 1 })
  })
})

describe('its weather', () => {
  const fates = Array.from({ length: 20_000 }, (_, i) => fateOf(ORDINARY, `GET /lake/${i}`, 0))

  it('waits as its median and its 99th percentile say', () => {
    const waits = fates.map(({ waitMs }) => waitMs).sort((a, b) => a - b)
    expect(waits[10_000]).toBeGreaterThan(19)
    expect(waits[10_000]).toBeLessThan(21)
    expect(waits[19_800]).toBeGreaterThan(54)
    expect(waits[19_800]).toBeLessThan(66)
  })

  it('refuses the share that it was told, and nothing twice', () => {
    const refused = fates.filter(({ isRefused }) => isRefused).length
    expect(refused).toBeGreaterThan(60)
    expect(refused).toBeLessThan(140)
    const again = fates.map((_, i) => fateOf(ORDINARY, `GET /lake/${i}`, 1).isRefused)
    expect(again).not.toContain(true)
  })

  it('is the same for the same request, and another for another seed', () => {
    expect(fateOf(ORDINARY, 'GET /a', 0)).toEqual(fateOf(ORDINARY, 'GET /a', 0))
    expect(fateOf({ ...ORDINARY, seed: 2 }, 'GET /a', 0)).not.toEqual(fateOf(ORDINARY, 'GET /a', 0))
  })
})
