import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccessRecord, checkedEndpoint } from '@spillway/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSharingServer, parseConfig, type SharesOf } from '../../src/index.js'
import { createRuntime } from '../../src/serve/runtime.js'
import { run } from '../support/terminal.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-assets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, text: string) => {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), text)
}

const ENDPOINT = 'https://share.example/a'
const [TOKEN, OTHER] = ['a-token-of-some-length', 'another-of-some-length']
const shares: SharesOf = [
  {
    name: 'lake',
    schemas: [
      {
        name: 'kb',
        volumes: [
          { name: 'docs', location: 'docs' },
          { name: 'docs2', location: 'docs2/' },
          { name: 'Empty', location: 'empty' },
          { name: 'gone', location: 'gone' },
        ],
        models: [
          {
            name: 'churn',
            comment: 'who leaves',
            versions: [
              { version: 10, location: 'churn/10', aliases: ['Champion'], runId: 'r-91' },
              { version: 9, location: 'churn/9', comment: 'before' },
              { version: 11, location: 'churn/11', status: 'PENDING_REGISTRATION' },
            ],
          },
        ],
      },
      { name: 'none' },
    ],
  },
  { name: 'secret', schemas: [{ name: 'kb', volumes: [{ name: 'own', location: 'docs' }] }] },
]

let server: ReturnType<typeof createSharingServer>
const log: AccessRecord[] = []
beforeAll(() => {
  put('docs/a.txt', 'first')
  put('docs/b/c d%2F.txt', 'second')
  put('docs/é.txt', 'third')
  put('docs2/x.txt', 'neighbour')
  put('churn/9/w.bin', 'nine')
  put('churn/10/w.bin', 'ten')
  put('churn/11/w.bin', 'eleven')
  put('outside.txt', 'outside')
  mkdirSync(join(folder, 'empty'))
  server = createSharingServer({
    endpoint: ENDPOINT,
    folder,
    shares,
    recipients: [
      { name: 'partner', shares: ['lake'], tokens: [{ token: TOKEN }] },
      { name: 'nobody', shares: [], tokens: [{ token: OTHER }] },
    ],
    log: record => log.push({ ...record }),
  })
})
afterAll(() => server.close())

const ask = (path: string, { token = TOKEN, ...init }: RequestInit & { token?: string } = {}) =>
  server.fetch(
    new Request(path.startsWith('https:') ? path : `${ENDPOINT}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    }),
  )
const json = async (path: string, init?: Parameters<typeof ask>[1]) => {
  const answer = await ask(path, init)
  return { status: answer.status, body: JSON.parse((await answer.text()) || 'null') }
}
const DOCS = '/shares/lake/schemas/kb/volumes/docs'
const CHURN = '/shares/lake/schemas/kb/models/churn'
const urls = (of: string, paths: readonly string[], more = {}) =>
  json(`${of}/file-urls`, { method: 'POST', body: JSON.stringify({ paths, ...more }) })

describe('volumes', () => {
  it('are listed of a schema and of a share, page by page, and told by name in any case', async () => {
    const all = await json('/shares/LAKE/all-volumes')
    expect(all.body.items.map(({ name }: { name: string }) => name)).toEqual([
      ...['docs', 'docs2', 'Empty', 'gone'],
    ])
    expect(all.body).not.toHaveProperty('nextPageToken')
    const names: string[] = []
    let token = ''
    do {
      const { body } = await json(
        `/shares/lake/schemas/KB/volumes?maxResults=1${token && `&pageToken=${token}`}`,
      )
      names.push(...body.items.map(({ name }: { name: string }) => name))
      token = body.nextPageToken ?? ''
    } while (token !== '')
    expect(names).toEqual(['docs', 'docs2', 'Empty', 'gone'])
    expect((await json('/shares/lake/schemas/none/volumes')).body).toEqual({ items: [] })
    const one = await json('/shares/lake/schemas/kb/volumes/DOCS')
    expect(one.body).toEqual(all.body.items[0])
    expect(one.body).toEqual({
      name: 'docs',
      schema: 'kb',
      share: 'lake',
      shareId: expect.stringMatching(/^[\da-f-]{36}$/),
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      storageLocation: 'opensharing://lake/kb/volumes/docs/',
      accessModes: ['url'],
    })
  })

  it.each([
    ['a share that is not granted', '/shares/secret/all-volumes'],
    ['a volume of one', '/shares/secret/schemas/kb/volumes/own'],
    ['files of one', '/shares/secret/schemas/kb/volumes/own/files'],
    ['a share that is not there', '/shares/nope/all-volumes'],
    ['a schema that is not there', '/shares/lake/schemas/nope/volumes'],
    ['a volume that is not there', '/shares/lake/schemas/kb/volumes/nope'],
    ['a table of its name', '/shares/lake/schemas/kb/tables/docs'],
    ['a model of its name', '/shares/lake/schemas/kb/models/docs'],
  ])('are not told of %s', async (_, path) => {
    expect(await json(path)).toMatchObject({
      status: 404,
      body: { errorCode: 'RESOURCE_DOES_NOT_EXIST' },
    })
    expect((await json(path, { token: OTHER })).status).toBe(404)
  })

  it('have files, of one listing over all pages', async () => {
    const { body } = await json(`${DOCS}/files`)
    expect(body).toEqual({
      items: [
        {
          ...{ path: 'a.txt', size: 5, lastModified: expect.any(Number), etag: expect.any(String) },
          mediaType: 'text/plain',
        },
        expect.objectContaining({ path: 'b/c d%2F.txt', size: 6 }),
        expect.objectContaining({ path: 'é.txt', size: 5 }),
      ],
      snapshotId: expect.stringMatching(/^[\w-]{32}$/),
    })
    const first = (await json(`${DOCS}/files?maxResults=2`)).body
    put('docs/a0.txt', 'later')
    const second = (await json(`${DOCS}/files?maxResults=2&pageToken=${first.nextPageToken}`)).body
    expect([...first.items, ...second.items]).toEqual(body.items)
    expect([first.snapshotId, second.snapshotId]).toEqual([body.snapshotId, body.snapshotId])
    expect(second).not.toHaveProperty('nextPageToken')
    unlinkSync(join(folder, 'docs/a0.txt'))
    const under = (await json(`${DOCS}/files?prefix=b/`)).body
    expect(under.items).toEqual([expect.objectContaining({ path: 'b/c d%2F.txt' })])
    expect((await json(`${DOCS}/files?prefix=zz`)).body.items).toEqual([])
    expect((await json('/shares/lake/schemas/kb/volumes/Empty/files')).body.items).toEqual([])
  })

  it('give no page to who holds another token, or of another folder or prefix', async () => {
    const { nextPageToken } = (await json(`${DOCS}/files?maxResults=1`)).body
    for (const path of [
      `${DOCS}2/files?pageToken=${nextPageToken}`,
      `${DOCS}/files?prefix=b&pageToken=${nextPageToken}`,
      `${DOCS}/files?pageToken=nonsense`,
      `/shares/lake/all-volumes?pageToken=${nextPageToken}`,
    ]) {
      expect((await json(path)).status).toBe(400)
    }
  })

  it('have signed URLs, which give the bytes as long as they are shared', async () => {
    const { body, status } = await urls(DOCS, ['é.txt', 'b/c d%2F.txt'], { expiresInSeconds: 60 })
    expect(status).toBe(200)
    expect(body.items).toMatchObject([
      { path: 'é.txt', size: 5 },
      { path: 'b/c d%2F.txt', size: 6 },
    ])
    const [, second] = body.items
    expect(second.expirationTimestamp).toBeGreaterThan(Date.now())
    expect(second.expirationTimestamp).toBeLessThanOrEqual(Date.now() + 60_000)
    const got = await server.fetch(new Request(second.url))
    expect([got.status, await got.text(), got.headers.get('etag')]).toEqual([
      200,
      'second',
      second.etag,
    ])
    expect(log.at(-1)).toMatchObject({
      route: '/files',
      recipient: 'partner',
      share: 'lake',
      schema: 'kb',
      asset: 'volume docs',
      outcome: 'complete',
    })
    const forged = second.url.replace('c%20d', 'c')
    expect((await server.fetch(new Request(forged))).status).toBe(403)
  })

  it.each([
    '../docs2/x.txt',
    'b/../../outside.txt',
    '/etc/passwd',
    './a.txt',
    'b//c',
    'b/',
    'a\0.txt',
  ])('sign nothing outside: %j', async path => {
    expect(await urls(DOCS, ['a.txt', path])).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('as it is listed') },
    })
  })

  it('sign no link that leads out of the folder, and list none', async () => {
    put('linked/own.txt', 'own')
    symlinkSync(join(folder, 'outside.txt'), join(folder, 'docs2', 'link.txt'))
    try {
      const signed = await urls(`${DOCS}2`, ['link.txt'])
      expect(signed.status).toBeGreaterThanOrEqual(400)
      expect(JSON.stringify(signed.body)).not.toContain(folder)
      const listed = await json(`${DOCS}2/files`)
      expect(listed).toMatchObject({ status: 200, body: { items: [{ path: 'x.txt' }] } })
    } finally {
      unlinkSync(join(folder, 'docs2', 'link.txt'))
    }
  })

  it.each([
    ['no JSON', '{'],
    ['no paths', '{}'],
    ['an empty list', '{"paths":[]}'],
    ['paths that are none', '{"paths":[1]}'],
    ['too many', JSON.stringify({ paths: new Array(1001).fill('a.txt') })],
    ['an empty path among others', '{"paths":["a.txt",""]}'],
    ['a million that are none', `{"paths":[${'1,'.repeat(1_000_000)}1]}`],
    ['a time that is none', '{"paths":["a.txt"],"expiresInSeconds":0}'],
  ])('refuse a request with %s', async (_, body) => {
    expect((await json(`${DOCS}/file-urls`, { method: 'POST', body })).status).toBe(400)
  })

  it('name a file that is not there', async () => {
    expect(await urls(DOCS, ['a.txt', 'nope.txt'])).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('"nope.txt"') },
    })
  })

  it('answer 304 to who has it already', async () => {
    for (const path of [DOCS, `${DOCS}/files`, '/shares/lake/all-volumes', `${CHURN}/versions`]) {
      const first = await ask(path)
      const etag = first.headers.get('etag')!
      expect(etag).toMatch(/^"/)
      const again = await ask(path, { headers: { 'if-none-match': `"x", ${etag}` } })
      expect([again.status, await again.text()]).toEqual([304, ''])
      expect((await ask(path, { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
    }
    const page = await ask(`${DOCS}/files?maxResults=1`)
    expect(page.headers.get('etag')).toMatch(/^W\/"/)
  })

  it('are given no credentials for where nobody has any', async () => {
    expect(await json(`${DOCS}/temporary-volume-credentials`, { method: 'POST' })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('dir access') },
    })
  })
})

describe('models', () => {
  it('are listed with their versions that are ready, in the order of their numbers', async () => {
    const [model] = (await json('/shares/lake/schemas/kb/models')).body.items
    expect(model).toMatchObject({ name: 'churn', comment: 'who leaves', share: 'lake' })
    expect(
      (
        await json(
          CHURN.toUpperCase()
            .replace('/SHARES', '/shares')
            .replace('/SCHEMAS', '/schemas')
            .replace('/MODELS', '/models'),
        )
      ).body,
    ).toEqual(model)
    const { items } = (await json(`${CHURN}/versions`)).body
    expect(items).toMatchObject([
      { modelName: 'churn', version: 9, status: 'READY', comment: 'before' },
      {
        modelName: 'churn',
        version: 10,
        aliases: ['Champion'],
        runId: 'r-91',
        storageLocation: 'opensharing://lake/kb/models/churn/10/',
      },
    ])
    expect(items).toHaveLength(2)
    expect((await json(`${CHURN}/versions/10`)).body).toEqual(items[1])
    expect((await json(`${CHURN}/aliases/champion`)).body).toEqual(items[1])
  })

  it.each([
    ['versions/11', 404],
    ['versions/12', 404],
    ['versions/0', 400],
    ['versions/x', 400],
    ['versions/1e1', 400],
    ['versions/010', 400],
    ['aliases/nope', 404],
    ['aliases/10', 404],
    ['versions/11/files', 404],
  ])('have no %s: %i', async (path, status) => {
    expect((await json(`${CHURN}/${path}`)).status).toBe(status)
  })

  it('have the files of one version', async () => {
    const { items } = (await json(`${CHURN}/versions/10/files`)).body
    expect(items).toMatchObject([{ path: 'w.bin', size: 3 }])
    const signed = await urls(`${CHURN}/versions/10`, ['w.bin'])
    const got = await server.fetch(new Request(signed.body.items[0].url))
    expect(await got.text()).toBe('ten')
  })
})

describe('skills', () => {
  const skill = (front: string) => `---\n${front}\n---\nDo it.\n`
  const FORMS = skill(
    'name: pdf-forms\ndescription: "Fill forms: from JSON"\nlicense: Apache-2.0\ncompatibility: python>=3.10\nallowed-tools: Bash Read\nmetadata:\n  owner: docs\n  version: 1\nversion: 2',
  )
  const names = ['pdf-forms', 'empty', 'broken', 'other-name', 'bomb', 'fine']
  let agents: ReturnType<typeof createSharingServer>
  beforeAll(() => {
    put('skills/pdf-forms/SKILL.md', FORMS)
    put('skills/pdf-forms/scripts/fill.py', 'print()')
    put('skills/empty/README.md', '')
    put('skills/broken/SKILL.md', 'no front matter')
    put('skills/other-name/SKILL.md', skill('name: something-else\ndescription: x'))
    put(
      'skills/bomb/SKILL.md',
      skill(`name: bomb\ndescription: x\na: &a [1]\nb: [${'*a,'.repeat(500)}]`),
    )
    put('skills/fine/SKILL.md', skill('name: fine\ndescription: All right'))
    agents = createSharingServer({
      endpoint: ENDPOINT,
      folder,
      shares: [
        {
          name: 'agents',
          schemas: [
            {
              name: 'tools',
              skills: names.map(name => ({ name, location: `skills/${name}` })),
            },
          ],
        },
      ],
      recipients: [{ name: 'partner', shares: ['*'], tokens: [{ token: TOKEN }] }],
    })
  })
  afterAll(() => agents.close())
  const get = async (path: string) => {
    const answer = await agents.fetch(
      new Request(`${ENDPOINT}/shares/agents${path}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    )
    return { status: answer.status, body: JSON.parse(await answer.text()) }
  }

  it('tell their front matter, and of which bytes it is', async () => {
    const { body } = await get('/schemas/tools/skills/PDF-Forms')
    expect(body).toEqual({
      name: 'pdf-forms',
      schema: 'tools',
      share: 'agents',
      shareId: expect.any(String),
      id: expect.any(String),
      description: 'Fill forms: from JSON',
      storageLocation: 'opensharing://agents/tools/skills/pdf-forms/',
      accessModes: ['url'],
      license: 'Apache-2.0',
      compatibility: 'python>=3.10',
      allowedTools: 'Bash Read',
      metadata: { owner: 'docs', version: '1' },
      digest: `sha256:${sha256(FORMS)}`,
    })
    const files = await get('/schemas/tools/skills/pdf-forms/files')
    expect(files.body.items.map(({ path }: { path: string }) => path)).toEqual([
      'SKILL.md',
      'scripts/fill.py',
    ])
  })

  it('are listed but for those that a provider has to mend', async () => {
    for (const path of ['/all-skills', '/schemas/tools/skills']) {
      const { body } = await get(path)
      expect(body.items.map(({ name }: { name: string }) => name)).toEqual(['fine', 'pdf-forms'])
    }
  })

  it.each([
    ['empty', 404, /has no SKILL\.md/],
    ['broken', 400, /front matter/],
    ['other-name', 400, /its folder is "other-name"/],
    ['bomb', 400, /./],
  ])('are refused where they are broken: %s', async (name, status, message) => {
    const answer = await get(`/schemas/tools/skills/${name}`)
    expect(answer).toMatchObject({ status, body: { message: expect.stringMatching(message) } })
    expect(JSON.stringify(answer.body)).not.toContain(folder)
  })

  it('are read again once they have changed', async () => {
    put('skills/fine/SKILL.md', skill('name: fine\ndescription: Better'))
    const described = async () => (await get('/schemas/tools/skills/fine')).body.description
    await expect.poll(described).toBe('Better')
  })
})

describe('assets of a function', () => {
  it('are what it says now, and URLs end with them', async () => {
    let isShared = true
    const tenant = createSharingServer({
      endpoint: ENDPOINT,
      folder,
      roots: ['docs'],
      authenticate: () => ({ id: 'acme', name: 'Acme' }),
      catalog: () =>
        isShared
          ? [
              {
                name: 'lake',
                schemas: [{ name: 'kb', volumes: [{ name: 'docs', location: 'docs' }] }],
              },
            ]
          : [{ name: 'lake', schemas: [{ name: 'kb' }] }],
    })
    const post = (path: string, body: string) =>
      tenant.fetch(new Request(`${ENDPOINT}${path}`, { method: 'POST', body }))
    try {
      const signed = await post(`${DOCS}/file-urls`, '{"paths":["a.txt"]}')
      const { items } = (await signed.json()) as { items: { url: string }[] }
      const get = async () => (await tenant.fetch(new Request(items[0]!.url))).status
      expect(await get()).toBe(200)
      isShared = false
      await expect.poll(get).toBe(403)
      const listed = await tenant.fetch(new Request(`${ENDPOINT}/shares/lake/all-volumes`))
      expect(await listed.json()).toEqual({ items: [] })
    } finally {
      await tenant.close()
    }
  })
})

describe('digests', () => {
  it('stand beside files once they are made, and are of the bytes that are there', async () => {
    put('hashed/a.txt', 'first')
    put('hashed/b.txt', '')
    const config = parseConfig(
      `
state: { location: state }
shares: [{ name: lake, schemas: [{ name: kb, volumes: [{ name: v, location: hashed, digests: true }] }] }]
recipients: [{ name: r, shares: [lake], tokens: [{ sha256: ${sha256(TOKEN)} }] }]`,
      { folder, path: 'spillway.yaml' },
    )
    const endpoint = checkedEndpoint(ENDPOINT)
    const runtime = createRuntime(config, { endpoint, secrets: ['a secret of sixteen characters'] })
    const files = async () => {
      const request = new Request(`${ENDPOINT}/shares/lake/schemas/kb/volumes/v/files`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      })
      const { items } = (await (await runtime.fetch(request)).json()) as {
        items: { path: string; sha256?: string }[]
      }
      return items.map(item => [item.path, item.sha256])
    }
    try {
      await expect.poll(files).toEqual([
        ['a.txt', sha256('first')],
        ['b.txt', sha256('')],
      ])
      // Same size, and its time set back: not the same bytes.
      const { atime, mtime } = statSync(join(folder, 'hashed/a.txt'))
      writeFileSync(join(folder, 'hashed/a.txt'), 'other')
      utimesSync(join(folder, 'hashed/a.txt'), atime, mtime)
      await expect.poll(files).toEqual([
        ['a.txt', undefined],
        ['b.txt', sha256('')],
      ])
    } finally {
      await runtime.close()
    }
  })

  it('are made again where a recipient got other bytes, as the log says; not for whom they are not', async () => {
    put('doubted/a.txt', 'first')
    const config = parseConfig(
      `
state: { location: state }
shares: [{ name: lake, schemas: [{ name: kb, volumes: [{ name: v, location: doubted, digests: true }] }] }]
recipients:
  - { name: r, shares: [lake], tokens: [{ sha256: ${sha256(TOKEN)} }] }
  - { name: other, shares: [], tokens: [{ sha256: ${sha256(OTHER)} }] }`,
      { folder, path: 'spillway.yaml' },
    )
    const endpoint = checkedEndpoint(ENDPOINT)
    const records: AccessRecord[] = []
    const runtime = createRuntime(config, {
      endpoint,
      secrets: ['a secret of sixteen characters'],
      log: record => records.push({ ...record }),
    })
    const send = async (path: string, body?: string, token = TOKEN) => {
      const init = body === undefined ? {} : { method: 'POST', body }
      const headers = { authorization: `Bearer ${token}` }
      const at = `${ENDPOINT}/shares/lake/schemas/kb/volumes/v${path}`
      const answer = await runtime.fetch(new Request(at, { ...init, headers }))
      return { status: answer.status, body: JSON.parse(await answer.text()) }
    }
    const listed = async () => (await send('/files')).body.items[0]
    try {
      await expect.poll(listed).toMatchObject({ sha256: sha256('first') })
      const { etag } = await listed()
      const found = { path: 'a.txt', etag, sha256: sha256('other') }
      const report = (more: object, token?: string) =>
        send('/file-mismatches', JSON.stringify({ ...found, ...more }), token)
      expect((await report({}, OTHER)).status).toBe(404)
      for (const wrong of [
        { path: '../a.txt' },
        { path: '' },
        { path: 'x'.repeat(5000) },
        { sha256: 'x' },
        { sha256: sha256('other').toUpperCase() },
        { etag: 7 },
        { more: 'x'.repeat(20_000) },
      ]) {
        expect((await report(wrong)).status).toBe(400)
      }
      expect((await send('/file-mismatches', '[')).status).toBe(400)
      expect(await report({ path: 'nope.txt' })).toEqual({
        status: 202,
        body: { path: 'nope.txt', isReadAgain: false },
      })
      expect(await report({})).toEqual({ status: 202, body: { path: 'a.txt', isReadAgain: true } })
      expect(await report({})).toMatchObject({ status: 202, body: { isReadAgain: false } })
      expect(records.filter(({ mismatch }) => mismatch?.isReadAgain)).toMatchObject([
        { recipient: 'r', asset: 'volume v', status: 202, mismatch: found },
      ])
      expect(await listed()).toMatchObject({ sha256: sha256('first') })
    } finally {
      await runtime.close()
    }
  })

  it('and listings outlive the server: pages go on where it was started again', async () => {
    for (const name of ['a', 'b', 'c']) put(`paged/${name}`, name)
    const config = parseConfig(
      `
state: { location: paged-state }
shares: [{ name: lake, schemas: [{ name: kb, volumes: [{ name: v, location: paged }] }] }]
recipients: [{ name: r, shares: [lake], tokens: [{ sha256: ${sha256(TOKEN)} }] }]`,
      { folder, path: 'spillway.yaml' },
    )
    const endpoint = checkedEndpoint(ENDPOINT)
    const page = async (pageToken = '') => {
      // Each page by a server of its own.
      const runtime = createRuntime(config, {
        endpoint,
        secrets: ['a secret of sixteen characters'],
      })
      const query = `maxResults=1&pageToken=${encodeURIComponent(pageToken)}`
      const at = `${ENDPOINT}/shares/lake/schemas/kb/volumes/v/files?${query}`
      const headers = { authorization: `Bearer ${TOKEN}` }
      const answer = await runtime.fetch(new Request(at, { headers }))
      const body = JSON.parse(await answer.text())
      await runtime.close()
      return body
    }
    const first = await page()
    put('paged/a2', 'later')
    unlinkSync(join(folder, 'paged/c'))
    const second = await page(first.nextPageToken)
    const third = await page(second.nextPageToken)
    const pages = [first, second, third]
    expect(pages.map(({ items }) => items[0].path)).toEqual(['a', 'b', 'c'])
    expect(new Set(pages.map(({ snapshotId }) => snapshotId)).size).toBe(1)
    expect(third).not.toHaveProperty('nextPageToken')
  })

  it('need a place to be kept in', () => {
    const text = `shares: [{ name: s, schemas: [{ name: x, models: [{ name: m, digests: true }] }] }]`
    expect(() => parseConfig(text, { folder, path: 'spillway.yaml' })).toThrow(
      /digests of model m are kept in state\.location, which is not set/,
    )
    const whole = `shares: [{ name: s, schemas: [{ name: x, skillFolders: [{ location: s3://b/k, digests: true }] }] }]`
    expect(() => parseConfig(whole, { folder, path: 'spillway.yaml' })).toThrow(
      /digests of folder of skills s3:\/\/b\/k\/ are kept in state\.location, which is not set/,
    )
  })
})

describe('doctor', () => {
  it('reads every asset as a recipient does, and says what is wrong with one', async () => {
    put('doc/v/a.txt', 'abc')
    symlinkSync(join(folder, 'outside.txt'), join(folder, 'doc/v/out.txt'))
    put('doc/good/SKILL.md', '---\nname: good\ndescription: Good\n---\n')
    put('doc/bad/SKILL.md', 'nothing')
    put('doc/m/2/w', 'weights')
    put(
      'doctor.yaml',
      `
shares:
  - name: lake
    schemas:
      - name: kb
        volumes: [{ name: v, location: doc/v }, { name: none, location: doc/none }]
        skills: [{ name: good, location: doc/good }, { name: bad, location: doc/bad }]
        models:
          - { name: m, versions: [{ version: 2, location: doc/m/2 }, { version: 3, location: doc/m/3, status: PENDING_REGISTRATION }] }
          - { name: early }
`,
    )
    const ran = await run(['doctor', '--config', 'doctor.yaml', '--json'], { folder })
    expect(ran.status).not.toBe(0)
    const { checks } = JSON.parse(ran.stdout) as {
      checks: { name: string; ok: boolean; warning?: boolean; detail: string }[]
    }
    expect(checks.filter(({ warning }) => warning).map(({ name }) => name)).toEqual([
      'lake.kb.none',
      'files',
    ])
    expect(checks.at(-1)?.detail).toMatch(
      /^1 name is neither listed nor signed; "out\.txt": a symbolic link leads out of the folder; path: .*\/doc\/v\/$/,
    )
    const said = Object.fromEntries(
      checks
        .filter(({ name }) => name.startsWith('lake.'))
        .map(({ name, ok, detail }) => [name, `${ok} ${detail}`]),
    )
    const through = 'a recipient reads it from this machine, through the server'
    expect(said).toEqual({
      'lake.kb.v': `true volume, 1 file, 3 bytes; ${through}`,
      'lake.kb.none':
        'true volume, 0 files, 0 bytes: nothing that could be read; is its location right?',
      'lake.kb.good': `true skill, 1 file, 37 bytes; ${through}`,
      'lake.kb.bad': expect.stringMatching(
        /^false INVALID_REQUEST: expected front matter (?!.*invalid\/)/,
      ),
      'lake.kb.m': `true model, 1 version; 2: 1 file, 7 bytes; ${through}`,
      'lake.kb.early': 'true model, no version is ready',
    })
  })
})

describe('a configuration', () => {
  const schema = (text: string) => `shares: [{ name: s, schemas: [{ name: x, ${text} }] }]`
  it.each([
    [
      'volumes: [{ name: v, location: a }, { name: V, location: b }]',
      /the volume "V" is defined twice/,
    ],
    ['skills: [{ name: My_Skill, location: a }]', /single hyphens/],
    ['skills: [{ name: a--b, location: a }]', /single hyphens/],
    ['models: [{ name: m, versions: [{ version: 0, location: a }] }]', /version/],
    [
      'models: [{ name: m, versions: [{ version: 1, location: a }, { version: 1, location: b }] }]',
      /version 1 of model m is defined twice/,
    ],
    [
      'models: [{ name: m, versions: [{ version: 1, location: a, aliases: [x] }, { version: 2, location: b, aliases: [X] }] }]',
      /alias "X" of model m is defined twice/,
    ],
    ['models: [{ name: m, versions: [{ version: 1, location: a, aliases: ["7"] }] }]', /no number/],
    ['volumes: [{ name: v, location: a, history: true }]', /history/],
  ])('with %s is refused', (text, message) => {
    expect(() => parseConfig(schema(text), { folder, path: 'spillway.yaml' })).toThrow(message)
  })
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
