import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestS3Server, testS3Server } from '../../../storage/test/support/s3-server.js'
import { createSharingServer } from '../../src/index.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-skills-s3-'))
const ENDPOINT = 'https://share.example/a'
const TOKEN = 'a-token-of-some-length'
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const skill = (name: string, description = `Does ${name}`) =>
  `---\nname: ${name}\ndescription: ${description}\n---\n# ${name}\n`

/** What these keys may not read, though they may list it. */
const closed = new Set(['team skills/+%20é/shut/SKILL.md', 'team skills/+%20é/part/data/x'])

let s3: TestS3Server
let server: ReturnType<typeof createSharingServer>
const told: string[] = []
beforeAll(async () => {
  s3 = await testS3Server({
    secrets: {},
    sessions: new Map([
      [
        'key',
        {
          secret: 'secret',
          token: 'token',
          allows: ({ method, key }) => !(/GET|HEAD/.test(method) && closed.has(key)),
        },
      ],
    ]),
    // Every listing has several pages.
    pageSize: 3,
  })
  for (const name of ['pdf', 'zip', 'tar', 'part', 'shut', 'a', 'z9', 'x-1']) {
    put(`team skills/+%20é/${name}/SKILL.md`, skill(name))
  }
  put('team skills/+%20é/pdf/', '')
  put('team skills/+%20é/pdf/references/é ü%2F+.md', '# é')
  put('team skills/+%20é/pdf/scripts/run.py', 'print(1)')
  put('team skills/+%20é/part/data/x', 'x')
  put('team skills/+%20é/', '')
  put('team skills/+%20é/README.md', 'all our skills')
  put('team skills/+%20é/notes/a.md', 'no skill')
  put('team skills/+%20é/.git/SKILL.md', skill('.git'))
  put('team skills/+%20é/Case/SKILL.md', skill('Case'))
  put('team skills/+%20é/a b/SKILL.md', skill('a b'))
  put('team skills/+%20é/%70df/SKILL.md', skill('pdf', 'Another by its escapes'))
  put('team skills/+%20é//SKILL.md', skill('empty'))
  put('team skills/+%20é/../SKILL.md', skill('up'))
  // A prefix is text: this is a neighbour.
  put('team skills/+%20é2/secret/SKILL.md', skill('secret'))
  server = createSharingServer({
    endpoint: ENDPOINT,
    folder,
    server: { freshnessSeconds: 0 },
    state: { location: 'state' },
    storage: {
      s3: {
        endpoint: s3.endpoint,
        region: 'us-east-1',
        pathStyle: true,
        credentials: { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' },
      },
    },
    shares: [
      {
        name: 'lake',
        schemas: [
          {
            name: 'kb',
            skillFolders: [{ location: 's3://lake/team skills/+%20é', digests: true }],
          },
          { name: 'plain', skillFolders: [{ location: 's3://lake/team skills/+%20é2' }] },
        ],
      },
    ],
    recipients: [{ name: 'partner', shares: ['lake'], tokens: [{ token: TOKEN }] }],
    log: false,
    onError: error => told.push(String(error)),
  })
})
afterAll(async () => {
  await server.close()
  await s3.close()
  rmSync(folder, { recursive: true, force: true })
})

function put(key: string, text: string): void {
  const etag = `"${sha256(text).slice(0, 32)}"`
  s3.objects.set(`lake/${key}`, { bytes: Buffer.from(text), etag, modified: new Date(0) })
}

const KB = '/shares/lake/schemas/kb/skills'
const ask = async (path: string, body?: unknown) => {
  const answer = await server.fetch(
    new Request(`${ENDPOINT}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    }),
  )
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const isJson = answer.headers.get('content-type')?.includes('json') === true
  return {
    status: answer.status,
    bytes,
    body: isJson ? JSON.parse(Buffer.from(bytes).toString()) : undefined,
  }
}

interface Listed {
  readonly path: string
  readonly size: number
  readonly sha256?: string
}
const filesOf = async (name: string): Promise<readonly Listed[]> =>
  (await ask(`${KB}/${name}/files`)).body.items

describe('a folder of skills in a bucket', () => {
  const FOUND = ['a', 'part', 'pdf', 'tar', 'x-1', 'z9', 'zip']

  it('shares each that is a skill, over the pages of the store and those of the answers', async () => {
    const seen: string[] = []
    let token = ''
    do {
      const { status, body } = await ask(`${KB}?maxResults=2${token && `&pageToken=${token}`}`)
      expect(status).toBe(200)
      seen.push(...body.items.map(({ name }: { name: string }) => name))
      token = body.nextPageToken ?? ''
    } while (token !== '')
    expect(seen).toEqual(FOUND)
    expect((await ask('/shares/lake/schemas/plain/skills')).body.items).toMatchObject([
      { name: 'secret' },
    ])
    expect((await ask(`${KB}/pdf`)).body).toMatchObject({ description: 'Does pdf' })
  })

  it('tells of each that is none why, once', () => {
    const left = told.filter(text => text.includes('a folder among skills is left out'))
    expect(left).toHaveLength(6)
    expect(left.filter(text => text.includes('has no SKILL.md'))).toHaveLength(1)
    expect(left.filter(text => text.includes('S3 refused to read'))).toHaveLength(1)
  })

  it.each(['shut', 'notes', 'Case', 'a b', '%70df', '.git', '..', 'README.md', 'secret'])(
    'has no skill %j, and no files of it',
    async name => {
      const path = `${KB}/${encodeURIComponent(name)}`
      for (const answer of [
        await ask(path),
        await ask(`${path}/files`),
        await ask(`${path}/file-urls`, { paths: ['SKILL.md'] }),
      ]) {
        expect(answer.status).toBe(404)
      }
    },
  )

  it('lists and signs what is in it, whatever it is called', async () => {
    const listed = (await filesOf('pdf')).map(({ path }) => path)
    expect(listed).toEqual(['SKILL.md', 'references/é ü%2F+.md', 'scripts/run.py'])
    const { body } = await ask(`${KB}/pdf/file-urls`, { paths: listed })
    const texts = await Promise.all(
      body.items.map(async ({ url }: { url: string }) => (await fetch(url)).text()),
    )
    expect(texts).toEqual([skill('pdf'), '# é', 'print(1)'])
    for (const path of ['../zip/SKILL.md', '../../+%20é2/secret/SKILL.md', '%2e%2e/zip/SKILL.md']) {
      expect((await ask(`${KB}/pdf/file-urls`, { paths: [path] })).status).toBe(400)
    }
  })

  it('has digests of its files made in the background, of what comes later too', async () => {
    await expect
      .poll(async () => (await filesOf('pdf')).map(each => each.sha256))
      .toEqual([skill('pdf'), '# é', 'print(1)'].map(sha256))
    // What may not be read has none, and keeps no other from having one.
    await expect
      .poll(async () => (await filesOf('part')).map(each => each.sha256))
      .toEqual([sha256(skill('part')), undefined])
    await expect
      .poll(() => told.filter(text => text.includes('a file has no digest')))
      .toHaveLength(1)
    const { body } = await ask(`${KB}/pdf/file-urls`, { paths: ['scripts/run.py'] })
    expect(body.items).toMatchObject([{ sha256: sha256('print(1)') }])
    const plain = await ask('/shares/lake/schemas/plain/skills/secret/files')
    expect(plain.body.items[0]).not.toHaveProperty('sha256')
  })

  it('reaches agents but for what may not be read', async () => {
    const { body } = await ask('/.well-known/agent-skills/index.json')
    const skills: readonly { name: string; url: string; digest: string }[] = body.skills
    expect(skills.map(({ name }) => name)).toEqual([
      ...FOUND.filter(name => name !== 'part'),
      'secret',
    ])
    for (const { url, digest } of skills) {
      const { bytes } = await ask(new URL(url, 'http://x/.well-known/agent-skills/').pathname)
      expect(digest).toBe(`sha256:${sha256(bytes)}`)
    }
    expect(told.filter(text => text.includes('the server may not read "data/x"'))).not.toEqual([])
    closed.delete('team skills/+%20é/part/data/x')
    const again = await ask('/.well-known/agent-skills/index.json')
    expect(again.body.skills.map(({ name }: { name: string }) => name)).toContain('part')
  })

  it('is an error where its store is not reached, and never fewer skills', async () => {
    const refuse = { status: 501, code: 'NotImplemented', when: /^LIST/ }
    s3.faults.push(refuse)
    expect((await ask(KB)).status).toBe(400)
    s3.faults.length = 0
    expect((await ask(KB)).body.items).toHaveLength(FOUND.length)
  })
})
