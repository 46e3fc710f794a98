import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { type S3Options, s3Store } from '@spillway/storage/s3'
import { failureCode } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script, so that it runs against any server without a build
import { conform } from '../../../test/conformance/run.mjs'
import { type TestS3Server, testS3Server } from '../../storage/test/support/s3-server.js'
import { type TestStsServer, testStsServer } from '../../storage/test/support/sts-server.js'
import { parseConfig } from '../src/index.js'
import { type RunningServer, startServer } from '../src/serve/start-server.js'
import { run } from './support/terminal.js'

const TOKEN = 'token-of-the-recipient'
const REGION = 'eu-west-1'

let sts: TestStsServer
let s3: TestS3Server
let server: RunningServer
beforeAll(async () => {
  sts = await testStsServer(REGION)
  s3 = await testS3Server({
    secrets: { key: 'secret', scoped: 'scoped secret' },
    sessions: sts.sessions,
    region: REGION,
  })
  for (const table of ['sales/orders', 'sales/orders2', 'fixed']) writeTable(table)
  for (const key of ['kb/docs/', 'kb/docs/a b.txt', 'kb/docs/sub/c.txt', 'kb/docs2/x.txt'])
    put(`lake/${key}`, key)
  put('lake/kb/pdf/SKILL.md', '---\nname: pdf\ndescription: Reads.\n---\n')
  put('lake/kb/pdf/run.py', 'pass')
  put('lake/agents/forms/SKILL.md', '---\nname: forms\ndescription: Fills forms\n---\n')
  put('lake/ml/churn/3/w.bin', 'weights')
  put('lake/ml/churn/30/w.bin', 'others')
  server = await startServer(parseConfig(configText(), { folder: '/', path: 'spillway.yaml' }))
})
afterAll(async () => {
  await server.close()
  await s3.close()
  await sts.close()
})

/** A Delta table of one file, laid into the bucket `lake`. */
function writeTable(folder: string): void {
  const schemaString = JSON.stringify({
    type: 'struct',
    fields: [{ name: 'id', type: 'long', nullable: true, metadata: {} }],
  })
  const lines = [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: `id of ${folder}`,
        format: { provider: 'parquet', options: {} },
        schemaString,
        partitionColumns: [],
        configuration: {},
      },
    },
    {
      add: {
        path: 'a.parquet',
        partitionValues: {},
        size: 4,
        modificationTime: 0,
        dataChange: true,
      },
    },
  ]
  const log = lines.map(line => `${JSON.stringify(line)}\n`).join('')
  put(`lake/${folder}/_delta_log/${'0'.repeat(20)}.json`, log)
  put(`lake/${folder}/a.parquet`, 'PAR1')
}

function put(key: string, text: string): void {
  s3.objects.set(key, { bytes: Buffer.from(text), etag: '"1"', modified: new Date(0) })
}

const configText = () => `
server: { port: 0 }
storage:
  s3:
    endpoint: ${s3.endpoint}
    region: ${REGION}
    pathStyle: true
    credentials: { accessKeyId: key, secretAccessKey: secret }
  vending:
    - kind: static
      location: s3://lake/fixed
      credentials: { accessKeyId: scoped, secretAccessKey: scoped secret }
    - kind: assume-role
      roleArn: arn:aws:iam::123456789012:role/reader
      stsEndpoint: ${sts.endpoint}
      region: ${REGION}
      credentials: { accessKeyId: key, secretAccessKey: secret }
shares:
  - name: lake
    schemas:
      - name: sales
        tables:
          - { name: orders, location: 's3://lake/sales/orders', history: true, accessModes: [url, dir] }
          - { name: fixed, location: 's3://lake/fixed', history: true, accessModes: [dir] }
          - { name: urls, location: 's3://lake/sales/orders2', history: true }
        volumes:
          - { name: docs, location: 's3://lake/kb/docs', accessModes: [url, dir] }
          - { name: opened, location: 's3://lake/kb/docs', accessModes: [dir] }
        skills:
          - { name: pdf, location: 's3://lake/kb/pdf', accessModes: [dir] }
          - { name: forms, location: 's3://lake/agents/forms', accessModes: [url, dir] }
        models:
          - name: churn
            accessModes: [dir]
            versions: [{ version: 3, location: 's3://lake/ml/churn/3' }]
recipients:
  - { name: partner, shares: [lake], tokens: [{ sha256: ${createHash('sha256').update(TOKEN).digest('hex')} }] }
`

function ask(path: string, method = 'GET'): Promise<Response> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  return fetch(`${server.endpoint}/shares/lake${path}`, { method, headers })
}

interface Vended {
  readonly location: string
  readonly awsTempCredentials: S3Options['credentials']
  readonly expirationTime: number
}

async function vended(table: string): Promise<Vended> {
  const path = `/schemas/sales/tables/${table}/temporary-table-credentials`
  const response = await ask(path, 'POST')
  expect(response.status).toBe(200)
  return ((await response.json()) as { credentials: Vended }).credentials
}

/** The bucket as whoever holds these credentials sees it. */
function storeOf({ awsTempCredentials: keys }: Vended) {
  const credentials = Object.fromEntries(Object.entries(keys ?? {}).filter(([, value]) => value))
  return s3Store({
    endpoint: s3.endpoint,
    region: REGION,
    pathStyle: true,
    credentials: credentials as never,
  })
}

it('passes the black-box checks of assets that are shared by credentials', async () => {
  const outcomes: { title: string; status: string }[] = []
  const asked = { endpoint: server.endpoint, token: TOKEN, tables: 0 }
  for await (const each of conform(asked)) outcomes.push(each)
  expect(outcomes.filter(({ status }) => status === 'fail')).toEqual([])
  const passed = outcomes.filter(({ status }) => status === 'pass').map(({ title }) => title)
  expect(passed).toEqual(
    expect.arrayContaining([
      'credentials of a volume are unwrapped, of one cloud, and expire',
      'credentials of a skill are unwrapped, of one cloud, and expire',
      'credentials of a version are given by both spellings of their path',
    ]),
  )
})

describe('the client of a folder that is shared by credentials alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-vended-'))
  const profile = join(folder, 'me.share')
  beforeAll(() => {
    const { endpoint } = server
    writeFileSync(
      profile,
      JSON.stringify({ shareCredentialsVersion: 1, endpoint, bearerToken: TOKEN }),
    )
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('lists and downloads it, and only it, reached as the server says', async () => {
    s3.requests.length = 0
    const listed = await run(['ls', `${profile}#lake.sales.opened`, '--files'])
    expect(listed).toMatchObject({ status: 0, stderr: '' })
    expect(listed.stdout).toBe('15\ta b.txt\n17\tsub/c.txt\n')
    const line = ['download', `${profile}#lake.sales.opened`, '--to', 'opened', '--json']
    const ran = await run(line, { folder })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(ran.stdout)).toMatchObject({ complete: true, bytesFetched: 32 })
    expect(readFileSync(join(folder, 'opened/sub/c.txt'), 'utf8')).toBe('kb/docs/sub/c.txt')
    const again = JSON.parse((await run(line, { folder })).stdout)
    expect(again.files.map(({ state }: { state: string }) => state)).toEqual([
      'unchanged',
      'unchanged',
    ])
    expect(s3.requests.some(request => request.includes('docs2'))).toBe(false)
    const text = JSON.stringify([ran, listed])
    for (const { secret, token } of sts.sessions.values()) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(token)
    }
  })

  it('downloads a version of a model, and no other whose name begins alike', async () => {
    const ran = await run(
      ['download', `${profile}#lake.sales.churn@3`, '--to', 'churn', '--json'],
      { folder },
    )
    expect(JSON.parse(ran.stdout).files).toMatchObject([{ path: 'w.bin', state: 'fetched' }])
    expect(readFileSync(join(folder, 'churn/w.bin'), 'utf8')).toBe('weights')
  })

  it('describes it', async () => {
    const ran = await run(['describe', `${profile}#lake.sales.churn@3`, '--json'])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(ran.stdout)).toMatchObject({ files: 1, faults: [] })
  })

  it('lists, installs and updates a skill', async () => {
    const listed = await run(['skills', 'list', `${profile}#lake`, '--json'])
    const pdf = expect.objectContaining({ name: 'pdf', files: 2 })
    expect(JSON.parse(listed.stdout).skills).toEqual(expect.arrayContaining([pdf]))
    const line = ['skills', 'install', `${profile}#lake.sales.pdf`, '--to', 'skills', '--json']
    expect(await run(line, { folder })).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(join(folder, 'skills/pdf/run.py'), 'utf8')).toBe('pass')
    const updated = await run(
      ['skills', 'update', '--profile', profile, '--to', 'skills', '--json'],
      { folder },
    )
    expect(JSON.parse(updated.stdout).skills).toMatchObject([{ name: 'pdf', state: 'unchanged' }])
  })

  it('takes the word of whoever runs it for how the store is reached', async () => {
    const line = ['ls', `${profile}#lake.sales.opened`, '--files', '--path-style']
    const ran = await run([...line, '--endpoint', 'not a url'])
    expect(ran).toMatchObject({ status: 2, stdout: '' })
    expect(ran.stderr).toContain('an S3 endpoint is an http(s) URL')
    expect((await run([...line, '--region', 'us-west-9'])).stderr).toContain('in another region')
  })
})

describe('credentials of a served table', () => {
  it('made by STS read its log and its files', async () => {
    const session = await vended('orders')
    expect(session.location).toBe('s3://lake/sales/orders')
    expect(session.expirationTime).toBeGreaterThan(Date.now())
    const store = storeOf(session)
    const reader = deltaReader({ store, cache: createBatchCache({ maxBytes: 1e6 }) })
    const { location } = session
    const { version } = await reader.snapshot({ location }, { at: { kind: 'latest' } })
    expect(version).toBe(0n)
    const file = await store.get('s3://lake/sales/orders/a.parquet')
    expect(Buffer.from(file?.bytes ?? []).toString()).toBe('PAR1')
    store.close()
  })

  it('made by STS open nothing beside it, and write nothing', async () => {
    const store = storeOf(await vended('orders'))
    const listing = async (prefix: string) => {
      for await (const _ of store.list(prefix)) return
    }
    const attempts = [
      () => store.get('s3://lake/sales/orders2/a.parquet'),
      () => listing('s3://lake/sales/orders2/'),
      () => listing('s3://lake/'),
      () => store.put('s3://lake/sales/orders/b', Buffer.from('x')),
      () => store.delete('s3://lake/sales/orders/a.parquet'),
    ]
    for (const attempt of attempts) expect(await failureCode(attempt)).toBe('STORAGE_UNAVAILABLE')
    expect(s3.objects.has('lake/sales/orders/a.parquet')).toBe(true)
    store.close()
  })

  it('are honoured only with their own session', async () => {
    const session = await vended('orders')
    const stolen = { ...session.awsTempCredentials, sessionToken: 'another' }
    const store = storeOf({ ...session, awsTempCredentials: stolen as never })
    const read = () => store.get('s3://lake/sales/orders/a.parquet')
    expect(await failureCode(read)).toBe('STORAGE_UNAVAILABLE')
    store.close()
  })

  it('scoped by the provider are those of its own folder', async () => {
    const asked = sts.requests.length
    const fixed = await vended('fixed')
    expect(fixed.awsTempCredentials).toEqual({
      accessKeyId: 'scoped',
      secretAccessKey: 'scoped secret',
      sessionToken: '',
    })
    const store = storeOf(fixed)
    expect((await store.get('s3://lake/fixed/a.parquet'))?.bytes.length).toBe(4)
    expect(sts.requests.length).toBe(asked)
    store.close()
  })

  it('are told of where they are given, and only there', async () => {
    const { items } = (await (await ask('/all-tables')).json()) as {
      items: readonly { name: string; location?: string; accessModes?: readonly string[] }[]
    }
    expect(items.map(({ name, location, accessModes }) => [name, location, accessModes])).toEqual([
      ['fixed', 's3://lake/fixed', ['dir']],
      ['orders', 's3://lake/sales/orders', ['url', 'dir']],
      ['urls', undefined, undefined],
    ])
  })
})

describe('credentials of an asset', () => {
  const DOCS = '/schemas/sales/volumes/docs'
  const MODEL = '/schemas/sales/models/churn/versions/3'
  async function opened(path: string): Promise<Vended> {
    const response = await ask(path, 'POST')
    expect(response.status).toBe(200)
    return (await response.json()) as Vended
  }

  it.each([
    [`${DOCS}/temporary-volume-credentials`, 'kb/docs/', 'sub/c.txt', 'kb/docs2/x.txt'],
    [`${MODEL}/temporary-model-version-credentials`, 'ml/churn/3/', 'w.bin', 'ml/churn/30/w.bin'],
    [`${MODEL}/temporary-model-credentials`, 'ml/churn/3/', 'w.bin', 'ml/churn/30/w.bin'],
  ])('%s read its folder, and not the neighbour that is called alike', async (path, ...at) => {
    const [folder, own, neighbour] = at
    const session = await opened(path)
    expect(session).toMatchObject({
      location: `s3://lake/${folder}`,
      region: REGION,
      endpoint: s3.endpoint,
      pathStyle: true,
      awsTempCredentials: { sessionToken: expect.any(String) },
    })
    expect(session.expirationTime).toBeGreaterThan(Date.now())
    const store = storeOf(session)
    expect(await store.get(`s3://lake/${folder}${own}`)).toBeDefined()
    const listed: string[] = []
    for await (const { path: found } of store.list(`s3://lake/${folder}`)) listed.push(found)
    expect(listed).toContain(`s3://lake/${folder}${own}`)
    expect(await failureCode(() => store.get(`s3://lake/${neighbour}`))).toBe('STORAGE_UNAVAILABLE')
    expect(await failureCode(() => store.put(`s3://lake/${folder}new`, Buffer.from('x')))).toBe(
      'STORAGE_UNAVAILABLE',
    )
    store.close()
  })

  it('stand beside signed URLs, where both are offered', async () => {
    const volume = (await (await ask(DOCS)).json()) as { storageLocation: string }
    expect(volume).toMatchObject({
      storageLocation: 's3://lake/kb/docs/',
      accessModes: ['url', 'dir'],
    })
    const listed = (await (await ask(`${DOCS}/files`)).json()) as { items: { path: string }[] }
    // The console's own object for the folder is no file.
    expect(listed.items.map(({ path }) => path)).toEqual(['a b.txt', 'sub/c.txt'])
    const body = JSON.stringify({ paths: ['a b.txt'] })
    const headers = { authorization: `Bearer ${TOKEN}` }
    const url = `${server.endpoint}/shares/lake${DOCS}/file-urls`
    const signed = await (await fetch(url, { method: 'POST', headers, body })).json()
    const [file] = (signed as { items: { url: string }[] }).items
    expect(await (await fetch(file!.url)).text()).toBe('kb/docs/a b.txt')
  })

  it('are the only way where the provider says so', async () => {
    for (const path of ['/schemas/sales/volumes/opened', MODEL]) {
      const answer = await ask(`${path}/files`)
      expect([answer.status, await answer.text()]).toEqual([
        400,
        expect.stringContaining('by dir access only'),
      ])
    }
  })
})

describe('a configuration', () => {
  const vending = (text: string) => `storage: { vending: [${text}] }`
  it.each([
    ['an unknown kind', vending('{ kind: sts }'), /storage\.vending\[0\]/],
    [
      'a role that is none',
      vending('{ kind: assume-role, roleArn: reader }'),
      /the ARN of an IAM role/,
    ],
    [
      'static keys of a place that is no bucket',
      vending(
        '{ kind: static, location: /data, credentials: { accessKeyId: a, secretAccessKey: b } }',
      ),
      /must be a folder of an S3 bucket/,
    ],
    [
      'sessions too short for STS',
      vending('{ kind: federation-token, maxSessionSeconds: 60 }'),
      /storage\.vending\[0\]\.maxSessionSeconds/,
    ],
    [
      'a table by dir access that nobody gives credentials for',
      `${vending('{ kind: federation-token, buckets: [other] }')}
shares: [{ name: s, schemas: [{ name: x, tables: [{ name: t, location: 's3://lake/t', history: true, accessModes: [dir] }] }] }]`,
      /table t is shared by dir access, but no entry of storage\.vending gives credentials for s3:\/\/lake\/t/,
    ],
    [
      'a model by dir access that nobody gives credentials for',
      `${vending('{ kind: federation-token, buckets: [other] }')}
shares: [{ name: s, schemas: [{ name: x, models: [{ name: m, accessModes: [dir], versions: [{ version: 1, location: 's3://lake/m' }] }] }] }]`,
      /model m is shared by dir access, but no entry of storage\.vending gives credentials for s3:\/\/lake\/m\//,
    ],
  ])('with %s is refused', (_, text, message) => {
    expect(() => parseConfig(text, { folder: '/', path: 'spillway.yaml' })).toThrow(message)
  })
})
