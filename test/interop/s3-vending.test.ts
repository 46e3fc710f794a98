import { createHash, randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { type S3Credentials, type S3Options, s3Store } from '@spillway/storage/s3'
import { failureCode } from '@spillway/testkit'
import { createSharingServer, parseConfig } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowFolder } from './s3/allow-folder.js'
import { type S3Server, startS3Server } from './s3/server.js'

const TOKEN = 'token-of-the-recipient'
const server = await startS3Server()

// Without Go it cannot be built.
if (server === undefined) it.skip('a real S3 server: not built, for want of Go', () => undefined)
else describe('credentials for one folder, on a real S3 server', () => suite(server))

function suite(s3: S3Server) {
  const { endpoint, region } = s3
  const user = { accessKeyId: 'share-reader', secretAccessKey: randomBytes(20).toString('hex') }
  const optionsOf = (keys: S3Credentials): S3Options => ({
    endpoint,
    region,
    pathStyle: true,
    // A copy: the SDK writes into what it is given.
    credentials: { ...keys },
  })
  const root = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey }
  const provider = s3Store(optionsOf(root))
  let sharing: ReturnType<typeof createSharingServer> | undefined

  beforeAll(async () => {
    await mkdir(join(s3.buckets, 'lake'))
    await writeTable(provider, 's3://lake/sales/orders')
    await writeTable(provider, 's3://lake/sales/orders2')
    await allowFolder(s3, user, 's3://lake/sales/orders')
    sharing = createSharingServer({
      config: parseConfig(configText(), { folder: '/', path: 'spillway.yaml' }),
      publicUrl: 'http://share.example',
    })
  })
  afterAll(async () => {
    await sharing?.close()
    provider.close()
    await s3.stop()
  })

  const configText = () => `
storage:
  s3: ${JSON.stringify(optionsOf(root))}
  vending:
    - { kind: static, location: s3://lake/sales/orders, credentials: ${JSON.stringify(user)} }
shares:
  - name: lake
    schemas:
      - name: sales
        tables: [{ name: orders, location: s3://lake/sales/orders, history: true, accessModes: [dir] }]
recipients:
  - { name: partner, shares: [lake], tokens: [{ sha256: ${createHash('sha256').update(TOKEN).digest('hex')} }] }
`

  async function vendedStore() {
    const path = '/delta-sharing/shares/lake/schemas/sales/tables/orders'
    const response = await sharing!.fetch(
      new Request(`http://share.example${path}/temporary-table-credentials`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    )
    expect(response.status).toBe(200)
    const { credentials } = (await response.json()) as {
      credentials: { location: string; awsTempCredentials: typeof user }
    }
    expect(credentials.location).toBe('s3://lake/sales/orders')
    const { accessKeyId, secretAccessKey } = credentials.awsTempCredentials
    return s3Store(optionsOf({ accessKeyId, secretAccessKey }))
  }

  it('read the table, its log listed and its files whole', async () => {
    const store = await vendedStore()
    const reader = deltaReader({ store, cache: createBatchCache({ maxBytes: 1e6 }) })
    const { version } = await reader.snapshot({ location: 's3://lake/sales/orders' }, {})
    expect(version).toBe(0n)
    const file = await store.get('s3://lake/sales/orders/a.parquet')
    expect(Buffer.from(file?.bytes ?? []).toString()).toBe('PAR1')
    store.close()
  })

  it('read, list and write nothing else: the session policy is what the service enforces', async () => {
    const store = await vendedStore()
    const listing = async (prefix: string) => {
      for await (const _ of store.list(prefix)) return
    }
    const attempts = {
      neighbour: () => store.get('s3://lake/sales/orders2/a.parquet'),
      'listing of a neighbour': () => listing('s3://lake/sales/orders2/'),
      'listing of the bucket': () => listing('s3://lake/'),
      write: () => store.put('s3://lake/sales/orders/b', Buffer.from('x')),
      removal: () => store.delete('s3://lake/sales/orders/a.parquet'),
    }
    const refused: Record<string, string | undefined> = {}
    for (const [name, attempt] of Object.entries(attempts))
      refused[name] = await failureCode(attempt)
    expect(refused).toEqual(
      Object.fromEntries(Object.keys(attempts).map(name => [name, 'STORAGE_UNAVAILABLE'])),
    )
    expect(await provider.head('s3://lake/sales/orders/a.parquet')).toBeDefined()
    store.close()
  })
}

async function writeTable(store: ReturnType<typeof s3Store>, location: string): Promise<void> {
  const field = { name: 'id', type: 'long', nullable: true, metadata: {} }
  const metaData = {
    id: `id of ${location}`,
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify({ type: 'struct', fields: [field] }),
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
  const log = lines.map(line => `${JSON.stringify(line)}\n`).join('')
  await store.put(`${location}/_delta_log/${'0'.repeat(20)}.json`, Buffer.from(log))
  await store.put(`${location}/a.parquet`, Buffer.from('PAR1'))
}
