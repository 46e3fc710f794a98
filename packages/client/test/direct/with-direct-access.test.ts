import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManifest, manifestDigest } from '@spillway/assets'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openS3Folder } from '../../../storage/src/s3/open-folder.js'
import { type TestS3Server, testS3Server } from '../../../storage/test/support/s3-server.js'
import type { Call, TestSession } from '../../../storage/test/support/s3-verify.js'
import { createSharingClient, describeAsset } from '../../src/index.js'
import {
  type DownloadOptions,
  downloadAsset,
  downloadSigned,
  installSkill,
  listSkill,
  withDirectAccess,
} from '../../src/node.js'
import { noise, sha256 } from '../support/asset-server.js'
import { type Answers, type PlainServer, plainServer } from '../support/plain-server.js'

const MIB = 1024 * 1024
const DOCS = '/shares/lake/schemas/kb/volumes/docs'
const VOLUME = { share: 'lake', schema: 'kb', name: 'docs' }
const CHURN = '/shares/lake/schemas/kb/models/churn'
const FILES = { 'README.md': '# docs', 'a/b c.txt': 'deep', 'a/é+%.txt': 'accent', empty: '' }

let s3: TestS3Server
let server: PlainServer | undefined
let folder: string
let sessions: Map<string, TestSession>
beforeEach(async () => {
  sessions = new Map()
  s3 = await testS3Server({ secrets: {}, sessions, region: 'eu-west-1', pageSize: 2 })
  folder = mkdtempSync(join(tmpdir(), 'spillway-direct-'))
  for (const [path, text] of Object.entries(FILES)) put(`kb/docs/${path}`, text)
  put('kb/docs/a/', '')
  put('kb/docs2/other.txt', 'of somebody else')
})
afterEach(async () => {
  await server?.close()
  server = undefined
  await s3.close()
  rmSync(folder, { recursive: true, force: true })
})

function put(key: string, content: string | Buffer, more: object = {}): void {
  const bytes = Buffer.from(content)
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
  s3.objects.set(`lake/${key}`, { bytes, etag, modified: new Date(0), ...more })
}

/** Keys of one folder, as a session policy of STS would have it. */
function session(prefix = 'kb/docs/', seconds = 3600) {
  const id = `ASIA${sessions.size + 1}`
  const allows = ({ bucket, key, query, method }: Call) =>
    bucket === 'lake' &&
    (method === 'GET' || method === 'HEAD') &&
    (key === '' ? (query.get('prefix') ?? '') : key).startsWith(prefix)
  const made = { secret: randomUUID(), token: randomUUID(), allows }
  sessions.set(id, made)
  return {
    awsTempCredentials: { accessKeyId: id, secretAccessKey: made.secret, sessionToken: made.token },
    expirationTime: Date.now() + seconds * 1000,
  }
}

const reached = () => ({ region: 'eu-west-1', endpoint: s3.endpoint, pathStyle: true })
const detail = (more: object = {}) => ({ ...VOLUME, storageLocation: 's3://lake/kb/docs', ...more })

async function start(answers: Answers = {}, unknown?: number): Promise<PlainServer> {
  server = await plainServer(
    {
      [`GET ${DOCS}`]: () => detail(),
      [`POST ${DOCS}/temporary-volume-credentials`]: () => session(),
      ...answers,
    },
    unknown,
  )
  return server
}

const client = () => createSharingClient(server!.profile, { retry: { retries: 1, baseDelayMs: 1 } })

function download(options: Partial<DownloadOptions> = {}, name = 'lake.kb.docs') {
  const more = { openStore: openS3Folder, reach: reached(), ...options }
  return downloadAsset(client(), name, { to: join(folder, 'to'), ...more })
}

const modelVersion = (version: number) => ({
  ...{ share: 'lake', schema: 'kb', modelName: 'churn', version, status: 'READY' },
  storageLocation: `s3a://lake/ml/churn/${version}/`,
})

const onDisk = (path: string) => readFileSync(join(folder, 'to', path), 'utf8')

describe('a folder of a server that knows the protocol alone', () => {
  it.each([404, 405, 400, 501])('is listed and fetched by its credentials (%i)', async unknown => {
    await start({}, unknown)
    const { files, complete } = await download()
    expect(complete).toBe(true)
    expect(files.map(({ path, state, verified }) => [path, state, verified])).toEqual(
      Object.keys(FILES).map(path => [path, 'fetched', false]),
    )
    for (const [path, text] of Object.entries(FILES)) expect(onDisk(path)).toBe(text)
    // The second time nothing is fetched, by tags.
    s3.requests.length = 0
    expect((await download()).files.map(({ state }) => state)).toEqual(Array(4).fill('unchanged'))
    expect(s3.requests.every(request => request.startsWith('LIST'))).toBe(true)
  })

  it('keeps to its folder', async () => {
    await start()
    await download()
    expect(s3.requests.filter(request => request.includes('docs2'))).toEqual([])
    expect(s3.requests.filter(request => request.startsWith('LIST'))[0]).toBe('LIST lake/kb/docs/')
  })

  it('is gone on with, in ranges by its tag, and digested by what the store states', async () => {
    const bytes = noise(9 * MIB)
    const digest = createHash('sha256').update(bytes).digest('base64')
    put('kb/docs/w.bin', bytes, { checksum: { value: digest, type: 'FULL_OBJECT' } })
    await start()
    s3.faults.push({ kind: 'reset', when: /^GET .*w\.bin/ })
    const { files } = await download({ include: ['*.bin'] })
    expect(files).toMatchObject([{ path: 'w.bin', verified: true, sha256: sha256(bytes) }])
    expect(s3.requests.filter(request => request.startsWith('HEAD'))).toEqual([
      'HEAD lake/kb/docs/w.bin',
    ])
  })

  it('is told by a digest of the store where its bytes are others', async () => {
    const other = createHash('sha256').update('other').digest('base64')
    put('kb/docs/w.bin', 'these', { checksum: { value: other, type: 'FULL_OBJECT' } })
    await start()
    await expect(download({ include: ['*.bin'] })).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    expect(existsSync(join(folder, 'to/w.bin'))).toBe(false)
  })

  it('is not digested by what is composed of parts', async () => {
    put('kb/docs/w.bin', 'parts', {
      checksum: { value: `${'A'.repeat(43)}=-2`, type: 'COMPOSITE' },
    })
    await start()
    const { files } = await download({ include: ['*.bin'] })
    expect(files).toMatchObject([{ state: 'fetched', verified: false }])
  })

  it('notices a file that changes after it was listed', async () => {
    await start()
    const reader = withDirectAccess(client(), { openStore: openS3Folder, reach: reached() })
    const name = { ...VOLUME, kind: 'volume' } as const
    for await (const page of reader.files(name)) expect(page.files.length).toBeGreaterThan(0)
    const [signed] = await reader.fileUrls(name, ['README.md'])
    put('kb/docs/README.md', '# DOCS')
    await expect(reader.openFile(signed!)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(Buffer.from(await reader.fetchFile(name, 'README.md')).toString()).toBe('# DOCS')
    await expect(reader.fetchFile(name, '../docs2/other.txt')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect((await download()).complete).toBe(true)
    expect(onDisk('README.md')).toBe('# DOCS')
  })

  it('with a name that is not safe is refused, and nothing is written', async () => {
    put('kb/docs/../../evil', 'x')
    await start()
    await expect(download()).rejects.toMatchObject({
      code: expect.stringMatching(/INVALID|UNSUPP|CORRUPT/),
    })
    expect(existsSync(join(folder, 'evil'))).toBe(false)
  })

  it('with more files than are wanted is refused, and nothing is written', async () => {
    await start()
    await expect(download({ maxFiles: 3 })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('more than 3 files'),
    })
    // The object that marks a folder is listed as well.
    expect(await download({ maxFiles: 5 })).toMatchObject({ complete: true })
  })

  it('asks for new keys before those that it has end', async () => {
    let given = 0
    await start({
      [`POST ${DOCS}/temporary-volume-credentials`]: () => {
        given++
        // The first ones are at their end when the files come.
        return session('kb/docs/', given === 1 ? 1 : 3600)
      },
    })
    const reader = withDirectAccess(client(), { openStore: openS3Folder, reach: reached() })
    const name = { ...VOLUME, kind: 'volume' } as const
    for await (const _ of reader.files(name));
    await new Promise(resolve => setTimeout(resolve, 1100))
    const [signed] = await reader.fileUrls(name, ['README.md'])
    expect(signed!.url).toContain('ASIA2')
    const { chunks } = await reader.openFile(signed!)
    for await (const chunk of chunks) expect(Buffer.from(chunk).toString()).toBe('# docs')
    expect(given).toBe(2)
  })

  it('takes no keys of another folder for those that end', async () => {
    let given = 0
    await start({
      [`POST ${DOCS}/temporary-volume-credentials`]: () =>
        given++ === 0
          ? session('kb/docs/', 1)
          : { ...session('kb/docs2/'), location: 's3://lake/kb/docs2/' },
    })
    const reader = withDirectAccess(client(), { openStore: openS3Folder, reach: reached() })
    const name = { ...VOLUME, kind: 'volume' } as const
    for await (const _ of reader.files(name));
    await new Promise(resolve => setTimeout(resolve, 1100))
    await expect(reader.fileUrls(name, ['README.md'])).rejects.toMatchObject({
      message: expect.stringContaining('was moved meanwhile'),
    })
  })

  it.each([404, 405, 400, 501])(
    'of a version of a model answers by either path of its credentials (%i)',
    async unknown => {
      put('ml/churn/3/w.bin', 'weights')
      put('ml/churn/30/w.bin', 'others')
      await start(
        {
          [`GET ${CHURN}`]: () => ({ ...VOLUME, name: 'churn' }),
          [`GET ${CHURN}/versions/3`]: () => modelVersion(3),
          [`POST ${CHURN}/versions/3/temporary-model-credentials`]: () => session('ml/churn/3/'),
        },
        unknown,
      )
      const { files } = await download({}, 'lake.kb.churn@3')
      expect(files.map(({ path }) => path)).toEqual(['w.bin'])
      expect(onDisk('w.bin')).toBe('weights')
    },
  )

  it('of a version of a model is found by the digests that its store states', async () => {
    const entries = [2, 3].map(version => {
      const text = `weights of ${version}`
      const value = createHash('sha256').update(text).digest('base64')
      put(`ml/churn/${version}/w.bin`, text, { checksum: { value, type: 'FULL_OBJECT' } })
      return { path: 'w.bin', size: text.length, sha256: sha256(Buffer.from(text)) }
    })
    const path = (version: number) =>
      `${CHURN}/versions/${version}/temporary-model-version-credentials`
    await start({
      [`GET ${CHURN}`]: () => ({ ...VOLUME, name: 'churn' }),
      [`GET ${CHURN}/versions`]: () => ({ items: [2, 3].map(modelVersion) }),
      [`POST ${path(2)}`]: () => session('ml/churn/2/'),
      [`POST ${path(3)}`]: () => session('ml/churn/3/'),
    })
    const digest = await manifestDigest(await createManifest([entries[0]!]))
    expect((await download({}, `lake.kb.churn@${digest}`)).complete).toBe(true)
    expect(onDisk('w.bin')).toBe('weights of 2')
  })

  it('is held to its signer', async () => {
    const fixtures = new URL('../../../../test/fixtures/assets/signatures/', import.meta.url)
    const bytes = (path: string) => readFileSync(new URL(path, fixtures))
    const { '.gitattributes': _, ...signed } = JSON.parse(bytes('files.json').toString())
    for (const [path, text] of Object.entries<string>(signed)) put(`kb/signed/${path}`, text)
    await start({
      [`GET ${DOCS}`]: () => detail({ storageLocation: 's3://lake/kb/signed/' }),
      [`POST ${DOCS}/temporary-volume-credentials`]: () => session('kb/signed/'),
    })
    const options = { to: join(folder, 'to'), openStore: openS3Folder, reach: reached() }
    const trust = { publicKey: bytes('keys/p256.pub').toString() }
    const fetched = () => downloadSigned(client(), 'lake.kb.docs', { ...options, trust })
    await expect(fetched()).rejects.toThrow('is not signed: it has no model.sig')
    expect(existsSync(join(folder, 'to'))).toBe(false)
    put('kb/signed/model.sig', bytes('signatures/p256.sig'))
    expect(await fetched()).toMatchObject({ signature: { ok: true }, download: { complete: true } })
  })

  it.each([undefined, ['dir']])('is a skill, and is installed (%o)', async accessModes => {
    const skill = '---\nname: pdf\ndescription: Reads.\n---\n'
    put('kb/skills/pdf/SKILL.md', skill)
    put('kb/skills/pdf/run.py', 'pass')
    const path = '/shares/lake/schemas/kb/skills/pdf'
    const storageLocation = 's3://lake/kb/skills/pdf/'
    await start({
      [`GET ${path}`]: () => ({
        ...{ ...VOLUME, name: 'pdf', description: 'Reads.', storageLocation },
        ...(accessModes && { accessModes }),
      }),
      [`POST ${path}/temporary-skill-credentials`]: () => session('kb/skills/pdf/'),
    })
    const direct = withDirectAccess(client(), { openStore: openS3Folder, reach: reached() })
    const provider = { client: direct, endpoint: server!.profile.endpoint }
    const options = { to: join(folder, 'to') }
    expect(await installSkill(provider, 'lake.kb.pdf', options)).toMatchObject({
      state: 'installed',
    })
    expect(onDisk('pdf/SKILL.md')).toBe(skill)
    expect(onDisk('pdf/run.py')).toBe('pass')
    expect(await installSkill(provider, 'lake.kb.pdf', options)).toMatchObject({
      state: 'unchanged',
    })
  })

  it.each([404, 405, 400, 501])('has no list of its own (%i)', async unknown => {
    await start({}, unknown)
    expect(await listSkill(client(), { ...VOLUME, kind: 'skill' })).toBeUndefined()
  })

  it('is described', async () => {
    put('kb/docs/w.pkl', Buffer.of(0x80, 4, 0x4e, 0x2e))
    await start()
    const direct = withDirectAccess(client(), { openStore: openS3Folder, reach: reached() })
    expect(await describeAsset(direct, 'lake.kb.docs')).toMatchObject({
      ...{ files: 5, faults: [] },
      pickles: [{ path: 'w.pkl', isCertain: true }],
    })
  })

  it.each([
    ['awsTempCredentials', 's3://lake/kb/docs/'],
    ['r2Credentials', 's3://lake/kb/docs/'],
    ['r2Credentials', 'r2://lake@account.r2.cloudflarestorage.com/kb/docs'],
  ])('is read with %s at %s', async (member, storageLocation) => {
    const answer = () => {
      const { awsTempCredentials, ...rest } = session()
      return { ...rest, [member]: awsTempCredentials }
    }
    await start({
      [`GET ${DOCS}`]: () => detail({ storageLocation, accessModes: ['dir'] }),
      [`POST ${DOCS}/temporary-volume-credentials`]: answer,
    })
    expect((await download()).complete).toBe(true)
    // Who says by which ways it is read is not asked for another.
    expect(server!.asked.filter(line => line.endsWith('/files'))).toEqual([])
  })
})

describe('a folder that cannot be read by credentials', () => {
  const keys = { accessKeyId: 'a', secretAccessKey: 's3cret', sessionToken: 't0ken' }
  const expirationTime = 4e12
  it.each<[string, object, string, RegExp]>([
    [
      'Azure',
      { azureUserDelegationSas: { sasToken: 's3cret' } },
      'abfss://c@a.dfs.core.windows.net/d',
      /Azure.*S3 and R2.*access by url/,
    ],
    [
      'Google Cloud',
      { gcpOauthToken: { oauthToken: 's3cret' } },
      'gs://b/d',
      /Google Cloud.*access by url/,
    ],
    ['nothing', {}, 's3://b/d', /a cloud that it does not name/],
    ['another store', { awsTempCredentials: keys }, 'gs://b/d', /lies at gs:/],
    ['R2 of no account', { r2Credentials: keys }, 's3://b/d', /--endpoint https:\/\/ACCOUNT/],
    ['S3 of no region', { awsTempCredentials: keys }, 's3://b/d', /--region/],
  ])(
    'as they are of %s is refused with what would work',
    async (_, given, storageLocation, told) => {
      await start({
        [`GET ${DOCS}`]: () => detail({ storageLocation }),
        [`POST ${DOCS}/temporary-volume-credentials`]: () => ({ ...given, expirationTime }),
      })
      const refused = await download({ reach: {} }).catch(error => error)
      expect(refused).toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: expect.stringMatching(told),
      })
      expect(refused.message).not.toMatch(/s3cret|t0ken/)
    },
  )

  it('as its server gives neither files nor credentials says so of both', async () => {
    server = await plainServer({ [`GET ${DOCS}`]: () => detail() })
    await expect(download()).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringMatching(/neither lists the files of lake\.kb\.docs .* nor gives cred/),
    })
  })

  it('as nobody handed in what reads a store says what to hand in', async () => {
    await start()
    await expect(download({ openStore: undefined })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('openS3Folder of @spillway/storage/s3'),
    })
  })

  it('as the keys open another folder is refused by the store, and says so', async () => {
    await start({ [`POST ${DOCS}/temporary-volume-credentials`]: () => session('kb/docs2/') })
    await expect(download()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('s3:ListBucket'),
    })
  })
})
