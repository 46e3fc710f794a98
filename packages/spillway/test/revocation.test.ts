import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccessRecord } from '@spillway/server'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../src/index.js'
import { type RunningServer, startServer } from '../src/serve/start-server.js'
import { run } from './support/terminal.js'

const TOKEN = 'token-of-the-recipient'
const OTHER = 'token-of-somebody-else'
const folder = mkdtempSync(join(tmpdir(), 'spillway-revocation-'))
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function writeTable(): void {
  const log = join(folder, 'orders/_delta_log')
  mkdirSync(log, { recursive: true })
  const fields = ['id', 'day'].map(name => ({ name, type: 'long', nullable: true, metadata: {} }))
  const metaData = {
    id: 'c0ffee00-0000-4000-8000-00000000000e',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify({ type: 'struct', fields }),
    partitionColumns: ['day'],
    configuration: {},
  }
  const adds = [1, 2, 3].map(day => ({
    add: {
      path: `day=${day}/a.parquet`,
      partitionValues: { day: String(day) },
      size: 4,
      modificationTime: 0,
      dataChange: true,
    },
  }))
  const lines = [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }, ...adds]
  writeFileSync(
    join(log, `${'0'.repeat(20)}.json`),
    lines.map(line => `${JSON.stringify(line)}\n`).join(''),
  )
  for (const day of [1, 2, 3]) {
    mkdirSync(join(folder, `orders/day=${day}`))
    writeFileSync(join(folder, `orders/day=${day}/a.parquet`), `day${day}`)
  }
}

interface Setup {
  readonly server?: string
  readonly table?: string
  readonly tables?: string
  readonly recipients?: string
}

const PARTNER = `{ name: partner, shares: [lake], tokens: [{ sha256: ${sha256(TOKEN)} }] }`
const SOMEBODY = `{ name: somebody, shares: [lake], tokens: [{ sha256: ${sha256(OTHER)} }] }`

const textOf = (setup: Setup = {}) => `
# kept as it is
server: { port: 0, admin: { port: 0 }, ${setup.server ?? 'secret: the first of the secrets'} }
shares:
  - name: lake
    schemas:
      - name: sales
        tables: ${setup.tables ?? `[{ name: orders, location: orders, ${setup.table ?? ''} }]`}
recipients: ${setup.recipients ?? `[${PARTNER}, ${SOMEBODY}]`}
`
const parse = (setup?: Setup) => parseConfig(textOf(setup), { folder, path: 'spillway.yaml' })

let server: RunningServer
const log: AccessRecord[] = []
beforeAll(async () => {
  writeTable()
  server = await startServer(parse(), { log: record => log.push({ ...record }) })
})
afterEach(() => {
  server.reload(parse())
  log.length = 0
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

async function query(body: object = {}, token = TOKEN) {
  const response = await fetch(`${server.endpoint}/shares/lake/schemas/sales/tables/orders/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  const urls = [...text.matchAll(/"url":"([^"]+)"/g)].map(match => match[1]!)
  return { status: response.status, urls, next: /"nextPageToken":"([^"]+)"/.exec(text)?.[1] }
}

async function get(url: string | undefined, init: RequestInit = {}) {
  const response = await fetch(url!, init)
  return {
    status: response.status,
    body: await response.text(),
    reason: response.headers.get('spillway-error'),
  }
}

describe('URLs of files that the server sends itself', () => {
  it.each<readonly [string, Setup]>([
    ['the recipient is taken out', { recipients: `[${SOMEBODY}]` }],
    [
      "the recipient's tokens are taken out",
      { recipients: `[{ name: partner, shares: [lake] }, ${SOMEBODY}]` },
    ],
    [
      'their last token has expired',
      {
        recipients: `[{ name: partner, shares: [lake], tokens: [{ sha256: ${sha256(TOKEN)}, expiresAt: 2020-01-01T00:00:00Z }] }]`,
      },
    ],
    [
      'the share is no longer granted',
      { recipients: `[{ name: partner, tokens: [{ sha256: ${sha256(TOKEN)} }] }]` },
    ],
    ['the table is taken back', { tables: '[]' }],
    ['other partitions are shared', { table: 'partitions: day > 1' }],
  ])('end when %s, and no other does', async (_, setup) => {
    const { urls } = await query()
    const others = (await query({}, OTHER)).urls
    expect((await get(urls[0])).status).toBe(200)
    server.reload(parse(setup))
    for (const method of ['GET', 'HEAD']) {
      const refused = await get(urls[0], { method })
      expect(refused).toMatchObject({ status: 403, body: '' })
      expect(refused.reason).toMatch(/no longer shared|not signed/)
    }
    const isOthers = setup.recipients?.includes('somebody') ?? false
    expect((await get(others[0])).status).toBe(isOthers ? 200 : 403)
    server.reload(parse())
    expect((await get(urls[0])).status).toBe(200)
  })

  it('are no good for anybody else: who they are for is signed', async () => {
    const [url] = (await query()).urls
    const [other] = (await query({}, OTHER)).urls
    const forWhom = (text: string | undefined) => new URL(text!).searchParams.get('for')!
    expect(forWhom(url)).not.toBe(forWhom(other))
    const stolen = url!.replace(forWhom(url), forWhom(other))
    expect((await get(stolen)).status).toBe(403)
    expect((await get(url!.replace(/&for=[^&]+/, ''))).status).toBe(403)
  })

  it('are downloads on record, and in the metrics', async () => {
    const [url] = (await query()).urls
    await get(url, { headers: { range: 'bytes=0-1' } })
    await get(url!.replace(/.$/, end => (end === '0' ? '1' : '0')))
    const whole = {
      route: '/files',
      recipient: 'partner',
      share: 'lake',
      schema: 'sales',
      table: 'orders',
    }
    const downloads = () => log.filter(({ route }) => route === '/files')
    await expect.poll(downloads).toHaveLength(2)
    // A download is on record once its body has ended, which may be after the next request.
    const [first, second] = downloads().toSorted((a, b) => a.status! - b.status!)
    expect(first).toMatchObject({ ...whole, status: 206, bytesSent: 2, outcome: 'complete' })
    expect(first!.file).toMatch(/orders\/day=\d\/a\.parquet$/)
    expect(second).toMatchObject({ route: '/files', status: 403, outcome: 'failed' })
    expect(String(second!.error)).toMatch(/signature/)
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(
      /spillway_requests_total\{route="\/files",status="206",outcome="complete"\} [1-9]/,
    )
    expect(metrics).toMatch(/spillway_file_bytes_total [1-9]/)
  })
})

it('a secret is replaced while URLs and pages of the one before stay good', async () => {
  const rotated = (secrets: string) => server.reload(parse({ server: `secrets: [${secrets}]` }))
  const page = await query({ maxFiles: 1 })
  expect(page.next).toBeDefined()
  rotated('the second of the secrets, the first of the secrets')
  expect((await get(page.urls[0])).status).toBe(200)
  const second = await query({ maxFiles: 1, pageToken: page.next })
  expect(second.status).toBe(200)
  rotated('the second of the secrets')
  expect((await get(page.urls[0])).status).toBe(403)
  expect((await get(second.urls[0])).status).toBe(200)
  expect((await query({ maxFiles: 1, pageToken: page.next })).status).toBe(400)
  expect((await query({ maxFiles: 1, pageToken: second.next })).status).toBe(200)
})

describe('spillway revoke', () => {
  const path = () => join(folder, 'revoked.yaml')
  const write = (setup: Setup = {}) => writeFileSync(path(), textOf(setup))
  const revoke = (...args: readonly string[]) =>
    run(['revoke', '--config', 'revoked.yaml', ...args], { folder })

  it.each([
    [['--recipient', 'Partner'], /name: partner/],
    [['--share', 'lake'], /name: orders|shares: \[ lake \]/],
    [['--table', 'lake.sales.orders'], /name: orders/],
  ])('takes %s out of the file, at once and entirely', async (args, gone) => {
    write({ server: '' })
    const dry = await revoke(...args, '--dry-run')
    expect(dry.status).toBe(0)
    expect(readFileSync(path(), 'utf8')).toBe(textOf({ server: '' }))
    const { status, stdout } = await revoke(...args)
    expect(status).toBe(0)
    expect(stdout).toMatch(/removed .*\n/)
    // All of it is served by the server itself.
    expect(stdout).not.toMatch(/object stores/)
    const text = readFileSync(path(), 'utf8')
    expect(text).not.toMatch(gone)
    expect(text).toContain('# kept as it is')
    expect(text).toMatch(/name: somebody/)
    expect(() => parseConfig(text, { folder, path: path() })).not.toThrow()
  })

  it('warns of what object stores serve, where any do', async () => {
    write({ server: '', tables: '[{ name: orders, location: "s3://bucket/orders" }]' })
    const { stdout } = await revoke('--recipient', 'partner')
    expect(stdout).toMatch(/object stores serve may be signed until 20/)
  })

  it.each([
    [['--recipient', 'nobody'], /no recipient nobody/],
    [['--table', 'lake.orders'], /SHARE\.SCHEMA\.TABLE/],
    [['--share', 'a', '--recipient', 'partner'], /one of/],
    [['--model', 'lake.ml.churn@4'], /share remove lake\.ml\.churn@4` takes one version/],
    [[], /one of/],
  ])('refuses %s and leaves the file', async (args, reason) => {
    write({ server: '' })
    const { status, stderr } = await revoke(...args)
    expect(status).not.toBe(0)
    expect(stderr).toMatch(reason)
    expect(readFileSync(path(), 'utf8')).toBe(textOf({ server: '' }))
  })

  it('says what a running server has signed of it that cannot be called back, and until when', async () => {
    const until = Date.now() + 1000_000
    const entry = (recipient: string, table: string, at: string) => ({
      recipient,
      share: 'lake',
      schema: 'sales',
      table,
      at,
      kind: 'url',
      until,
    })
    const signed = [
      entry('partner', 'orders', 'https://bucket.example'),
      entry('partner', 'orders', 'http://127.0.0.1:8420'),
      entry('somebody', 'orders', 'https://bucket.example'),
      {
        ...entry('partner', 'orders', 's3://vended/orders'),
        kind: 'credentials',
        until: Date.now() - 1,
      },
    ]
    const admin = createServer((_, response) => response.end(JSON.stringify({ since: 0, signed })))
    await new Promise<void>(resolve => admin.listen(0, '127.0.0.1', resolve))
    const { port } = admin.address() as AddressInfo
    writeFileSync(path(), textOf().replace(/server: .*/, `server: { admin: { port: ${port} } }`))
    const { stdout } = await revoke('--recipient', 'partner', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      serverAsked: true,
      remaining: [
        {
          recipient: 'partner',
          table: 'lake.sales.orders',
          at: 'https://bucket.example',
          until: new Date(until).toISOString(),
        },
      ],
    })
    await new Promise(resolve => admin.close(resolve))
  })

  it('asks what the server knows', async () => {
    await query()
    const answer = await (await fetch(`${server.adminUrl}/signed`)).json()
    const { since, signed } = answer as {
      readonly since: number
      readonly signed: readonly object[]
    }
    expect(since).toBeLessThanOrEqual(Date.now())
    expect(signed).toContainEqual(
      expect.objectContaining({ recipient: 'partner', table: 'orders', at: server.url }),
    )
  })
})
