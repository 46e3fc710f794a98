import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { openS3Folder, s3Store } from '@spillway/storage/s3'
import { collect } from '@spillway/testkit'
import { createSharingServer, parseConfig } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type S3Server, startS3Server } from './s3/server.js'

const TOKEN = 'token-of-the-recipient'
const MIB = 1024 ** 2
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const server = await startS3Server()

// Without Go it cannot be built.
if (server === undefined) it.skip('a real S3 server: not built, for want of Go', () => undefined)
else describe('checksums that a real S3 server keeps', () => suite(server))

function suite({ endpoint, region, buckets, accessKeyId, secretAccessKey, stop }: S3Server) {
  const reach = { endpoint, region, pathStyle: true }
  const keys = { accessKeyId, secretAccessKey }
  const store = s3Store({ ...reach, credentials: { ...keys } })
  const folder = mkdtempSync(join(tmpdir(), 'spillway-checksums-'))
  // Above what is read in one request, and below two parts of an upload.
  const whole = Buffer.alloc(6 * MIB, 'whole')
  const parts = Buffer.alloc(6 * MIB, 'parts')
  const plain = Buffer.alloc(5 * MIB, 'plain')
  let sharing: ReturnType<typeof createSharingServer> | undefined

  beforeAll(async () => {
    await mkdir(join(buckets, 'lake'))
    await upload({ whole, parts, plain })
    sharing = createSharingServer({
      config: parseConfig(configText(), { folder, path: 'spillway.yaml' }),
      publicUrl: 'http://share.example',
    })
  })
  afterAll(async () => {
    await sharing?.close()
    store.close()
    rmSync(folder, { recursive: true, force: true })
    await stop()
  })

  /** As other tools put objects: with a checksum of the whole, with one of each part, with none that we asked for. */
  async function upload(files: Readonly<Record<'whole' | 'parts' | 'plain', Buffer>>) {
    const client = new S3Client({ ...reach, forcePathStyle: true, credentials: { ...keys } })
    const at = (name: string) => ({ Bucket: 'lake', Key: `kb/docs/${name}` })
    const algorithm = { ChecksumAlgorithm: 'SHA256' } as const
    await client.send(new PutObjectCommand({ ...at('whole'), Body: files.whole, ...algorithm }))
    await client.send(new PutObjectCommand({ ...at('plain'), Body: files.plain }))
    const begun = await client.send(
      new CreateMultipartUploadCommand({ ...at('parts'), ...algorithm }),
    )
    const { UploadId } = begun
    const bodies = [files.parts.subarray(0, 5 * MIB), files.parts.subarray(5 * MIB)]
    const Parts = await Promise.all(
      bodies.map(async (Body, i) => {
        const part = { ...at('parts'), UploadId, PartNumber: i + 1, Body, ...algorithm }
        const { ETag, ChecksumSHA256 } = await client.send(new UploadPartCommand(part))
        return { ETag, ChecksumSHA256, PartNumber: i + 1 }
      }),
    )
    const MultipartUpload = { Parts }
    await client.send(
      new CompleteMultipartUploadCommand({ ...at('parts'), UploadId, MultipartUpload }),
    )
    client.destroy()
  }

  const configText = () => `
state: { location: state }
storage: { s3: ${JSON.stringify({ ...reach, credentials: keys })} }
shares:
  - name: lake
    schemas:
      - name: kb
        volumes:
          - { name: docs, location: s3://lake/kb/docs, digests: true }
          - { name: told, location: s3://lake/kb/docs }
recipients:
  - { name: partner, shares: [lake], tokens: [{ sha256: ${sha256(TOKEN)} }] }
`

  async function ask(path: string, body?: unknown) {
    const answer = await sharing!.fetch(
      new Request(`http://share.example/delta-sharing/shares/lake/schemas/kb/volumes/${path}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      }),
    )
    expect(answer.ok).toBe(true)
    return (await answer.json()) as { items: { path: string; etag: string; sha256?: string }[] }
  }
  const digests = async () =>
    Object.fromEntries((await ask('docs/files')).items.map(each => [each.path, each.sha256]))

  it('are told of whole objects, and none of what was uploaded in parts or without', async () => {
    const told = async (name: string) => (await store.head(`s3://lake/kb/docs/${name}`))?.sha256
    expect(await told('whole')).toBe(sha256(whole))
    expect(await told('parts')).toBeUndefined()
    expect(await told('plain')).toBeUndefined()
    const opened = openS3Folder({ ...reach, credentials: async () => ({ ...keys }) })
    const listed = await collect(opened.store.list('s3://lake/kb/docs/'))
    const found = await Promise.all(listed.map(meta => opened.sha256(meta)))
    expect(listed.map(({ path }, i) => [path.split('/').at(-1), found[i]])).toEqual([
      ['parts', undefined],
      ['plain', undefined],
      ['whole', sha256(whole)],
    ])
  })

  it('are told with URLs, without a setting', async () => {
    const { items } = await ask('told/file-urls', { paths: ['whole', 'parts', 'plain'] })
    expect(items.map(each => each.sha256)).toEqual([sha256(whole), undefined, undefined])
  })

  it('are taken in place of reading, until somebody gets other bytes', async () => {
    await expect.poll(digests, { timeout: 60_000 }).toEqual({
      whole: sha256(whole),
      parts: sha256(parts),
      plain: sha256(plain),
    })
    // Other bytes below the service, which it does not notice, nor who goes by what it says.
    const other = Buffer.alloc(whole.length, 'other')
    await writeFile(join(buckets, 'lake/kb/docs/whole'), other)
    await sharing!.close()
    rmSync(join(folder, 'state'), { recursive: true, force: true })
    sharing = createSharingServer({
      config: parseConfig(configText(), { folder, path: 'spillway.yaml' }),
      publicUrl: 'http://share.example',
      onError: () => undefined,
    })
    const again = async () => (await digests()).whole
    await expect.poll(again, { timeout: 60_000 }).toBe(sha256(whole))
    const { etag } = (await ask('docs/files')).items.find(({ path }) => path === 'whole')!
    await ask('docs/file-mismatches', { path: 'whole', etag, sha256: sha256(other) })
    await expect.poll(again, { timeout: 60_000 }).toBe(sha256(other))
  })
}
