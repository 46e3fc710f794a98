import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type TestS3Server, testS3Server } from '../../../storage/test/support/s3-server.js'
import { run } from '../support/terminal.js'

const golden = fileURLToPath(new URL('../../../../test/fixtures/delta', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-doctor-'))
const others: Server[] = []
let s3: TestS3Server
beforeAll(async () => {
  s3 = await testS3Server({ secrets: { key: 'the secret of S3' }, region: 'eu-west-1' })
  const schemaString =
    '{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{}}]}'
  const metaData = {
    id: 'x',
    format: { provider: 'parquet' },
    schemaString,
    partitionColumns: [],
    configuration: {},
  }
  const add = {
    path: 'a.parquet',
    partitionValues: {},
    size: 4,
    modificationTime: 0,
    dataChange: true,
  }
  const lines = [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }, { add }]
  put(
    'lake/orders/_delta_log/00000000000000000000.json',
    lines.map(line => JSON.stringify(line)).join('\n'),
  )
  put('lake/orders/a.parquet', 'PAR1')
})
afterEach(() => {
  for (const server of others.splice(0)) server.close()
})
afterAll(async () => {
  await s3.close()
  rmSync(folder, { recursive: true, force: true })
})

function put(key: string, text: string): void {
  s3.objects.set(key, { bytes: Buffer.from(text), etag: '"1"', modified: new Date(0) })
}

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

async function doctor(
  tables: readonly object[],
  storage: object = {},
): Promise<(name: string) => Check> {
  const config = join(folder, 'spillway.yaml')
  const shares = [{ name: 's', schemas: [{ name: 'd', tables }] }]
  writeFileSync(config, JSON.stringify({ storage, shares }))
  const { stdout, stderr, status } = await run(['doctor', '--config', config, '--json'])
  expect(`${stdout}${stderr}`).not.toMatch(/Signature|the secret of S3|X-Amz|doctor-[0-9a-f]{8}/)
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] }
  expect(status).toBe(checks.every(({ ok }) => ok) ? 0 : 1)
  return name => checks.find(each => each.name === `s.d.${name}`)!
}

async function listening(handler: RequestListener): Promise<string> {
  const server = createServer(handler)
  others.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const onS3 = (more: object = {}) => ({
  s3: {
    endpoint: s3.endpoint,
    region: 'eu-west-1',
    pathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'the secret of S3' },
    ...more,
  },
})
const ORDERS = { name: 'orders', location: 's3://lake/orders' }

it('fetches a byte of a local table through the server, and misses the file that is not there', async () => {
  cpSync(join(golden, 'plain'), join(folder, 'gone'), { recursive: true })
  for (const name of readdirSync(join(folder, 'gone'))) {
    if (name.endsWith('.parquet')) rmSync(join(folder, 'gone', name))
  }
  const check = await doctor([
    { name: 'plain', location: join(golden, 'plain') },
    { name: 'gone', location: join(folder, 'gone') },
  ])
  expect(check('plain')).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/reads it from this machine/),
  })
  expect(check('gone')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/found 404: the table names a file that is not there/),
  })
})

it('fetches a byte from where the URL points, and names the host alone', async () => {
  const before = s3.requests.length
  const check = await doctor([ORDERS], onS3())
  const host = new URL(s3.endpoint).host
  expect(check('orders')).toMatchObject({
    ok: true,
    detail: expect.stringContaining(`a recipient reads it from ${host}`),
  })
  expect(s3.requests.slice(before)).toContain('GET lake/orders/a.parquet')
})

it.each<[string, number, string, RegExp]>([
  [
    'may list and not read',
    403,
    '<Error><Code>AccessDenied</Code></Error>',
    /found 403 \(AccessDenied\): whoever signs may list and not read/,
  ],
  [
    'knows the bucket elsewhere',
    301,
    '<Error><Code>PermanentRedirect</Code></Error>',
    /found 301 \(PermanentRedirect\): the bucket is in another region/,
  ],
  ['is broken', 500, 'oops', /found 500/],
])('says what a store says that %s', async (_, status, body, expected) => {
  const publicEndpoint = await listening((_request, response) =>
    response.writeHead(status).end(body),
  )
  const check = await doctor([ORDERS], onS3({ publicEndpoint }))
  expect(check('orders')).toMatchObject({ ok: false, detail: expect.stringMatching(expected) })
})

it('says that nobody answers where recipients would ask', async () => {
  const publicEndpoint = await listening(() => undefined)
  others.pop()!.close()
  const check = await doctor([ORDERS], onS3({ publicEndpoint }))
  expect(check('orders')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/no answer from 127.*ECONNREFUSED/),
  })
})

it('says of a table whose files nobody can be sent why not', async () => {
  // Deletes that no recipient of plain files could apply are fine for one who can.
  const check = await doctor([
    { name: 'vectors', location: join(golden, 'dv-delete') },
    { name: 'empty', location: join(golden, 'empty') },
  ])
  expect(check('vectors')).toMatchObject({ ok: true })
  expect(check('empty')).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/finds no file to read/),
  })
})
