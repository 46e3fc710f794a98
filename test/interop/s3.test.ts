import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type S3Options, s3Signer, s3Store } from '@spillway/storage/s3'
import { signerSuite, storeSuite } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type S3Server, startS3Server } from './s3/server.js'

const server = await startS3Server()

// Without Go it cannot be built.
if (server === undefined) it.skip('a real S3 server: not built, for want of Go', () => undefined)
else describe('a real S3 server', () => suite(server))

function suite({ endpoint, region, buckets, accessKeyId, secretAccessKey, stop }: S3Server) {
  const optionsOf = (secret: string): S3Options => ({
    endpoint,
    region,
    pathStyle: true,
    credentials: { accessKeyId, secretAccessKey: secret },
  })
  const store = s3Store(optionsOf(secretAccessKey))
  const signer = s3Signer(optionsOf(secretAccessKey))

  beforeAll(() => mkdir(join(buckets, 'suite')))
  afterAll(async () => {
    store.close()
    await stop()
  })

  describe('as a store', () => {
    it.each(storeSuite)('$name', ({ run }) => run({ store, base: 's3://suite/store/' }))
  })

  describe('honouring our signatures', () => {
    it.each(signerSuite)('$name', ({ run }) =>
      run({
        signer,
        foreign: s3Signer(optionsOf('not the secret of the server')),
        store,
        base: 's3://suite/',
        fetch: request => fetch(request),
        answersHead: false,
      }),
    )

    it('by the public endpoint, which is another name of the same server', async () => {
      const publicEndpoint = endpoint.replace('127.0.0.1', 'localhost')
      const recipients = s3Signer({ ...optionsOf(secretAccessKey), publicEndpoint })
      await store.put('s3://suite/public', Buffer.from('public'))
      const { urls } = await recipients.sign(['s3://suite/public'], {
        expiresInSeconds: 60,
        now: Date.now(),
      })
      expect(new URL(urls[0] ?? '').hostname).toBe('localhost')
      expect(await (await fetch(urls[0] ?? '')).text()).toBe('public')
      // The name is signed: the same URL by another one is a tampered URL.
      const other = urls[0]?.replace('localhost', '127.0.0.1') ?? ''
      expect((await fetch(other)).status).toBe(403)
    })
  })

  it('serves files that were laid into its folder, as the tables of these tests are', async () => {
    await mkdir(join(buckets, 'laid/t/day=a%20b'), { recursive: true })
    await writeFile(join(buckets, 'laid/t/day=a%20b/x y.parquet'), 'PAR1')
    const path = 's3://laid/t/day=a%20b/x y.parquet'
    expect(await store.head(path)).toMatchObject({ path, size: 4 })
    const { urls } = await signer.sign([path], { expiresInSeconds: 60, now: Date.now() })
    expect(await (await fetch(urls[0] ?? '')).text()).toBe('PAR1')
  })
}
