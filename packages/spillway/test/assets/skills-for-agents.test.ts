import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough, Writable } from 'node:stream'
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client'
import { SkillsClient } from '@modelcontextprotocol/client/ext/skills'
import type { AccessRecord } from '@spillway/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSharingServer, parseConfig } from '../../src/index.js'
import { runProgram } from '../../src/program.js'
import { type RunningServer, startServer } from '../../src/serve/start-server.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-agents-'))
const put = (name: string, text: string | Uint8Array) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
const skill = (name: string, more = '') =>
  `---\nname: ${name}\ndescription: Does ${name}\n${more}---\n# ${name}\n`
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const [TOKEN, OTHER] = ['a-token-of-some-length', 'another-of-some-length']
const log: AccessRecord[] = []
let server: RunningServer
beforeAll(async () => {
  put('skills/plain/SKILL.md', skill('plain'))
  put('skills/pdf/SKILL.md', skill('pdf', 'license: MIT\nx-own:\n  - 1\n  - true\n'))
  put('skills/pdf/references/FORMS é.md', '# Forms\n')
  put('skills/pdf/assets/logo.png', Uint8Array.of(0x89, 0x50, 0xff, 0))
  put('skills/large/SKILL.md', skill('large'))
  put('skills/large/data.bin', new Uint8Array(5 * 1024 ** 2))
  put('skills/numbers/SKILL.md', skill('numbers', 'metadata:\n  version: 1.0\n'))
  put('skills/pairs/SKILL.md', skill('pairs'))
  put('others/pairs/SKILL.md', skill('pairs', 'license: other\n'))
  put('secret/own/SKILL.md', skill('own'))
  put('open/SKILL.md', skill('open'))
  put('huge/SKILL.md', skill('huge'))
  for (let i = 0; i < 512; i++) put(`huge/f/${i}`, '')
  const text = `
server: { port: 0 }
shares:
  - name: lake
    schemas:
      - name: kb
        skillFolders: [{ location: skills }]
        skills: [{ name: open, location: open, public: true }, { name: huge, location: huge }]
  - name: more
    schemas: [{ name: kb, skills: [{ name: pairs, location: others/pairs }, { name: plain, location: skills/plain }] }]
  - name: secret
    schemas: [{ name: kb, skillFolders: [{ location: secret }] }]
recipients:
  - { name: partner, shares: [lake, more], tokens: [{ sha256: ${sha256(TOKEN)} }] }
  - { name: other, shares: [secret], tokens: [{ sha256: ${sha256(OTHER)} }] }`
  server = await startServer(parseConfig(text, { folder, path: 'spillway.yaml' }), {
    log: record => log.push({ ...record }),
  })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const INDEX = '/.well-known/agent-skills/index.json'
const get = (url: string, token: string | undefined = TOKEN, init: RequestInit = {}) =>
  fetch(url, {
    ...init,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...init.headers },
  })
const NONE = ''
interface Index {
  readonly skills: readonly {
    readonly name: string
    readonly type: string
    readonly url: string
    readonly digest: string
  }[]
}
const indexOf = async (token?: string, base = server.endpoint) =>
  (await (await get(base + INDEX, token)).json()) as Index

describe('the well-known index', () => {
  it('has the skills of the recipient, each as an artifact of the digest that it states', async () => {
    const index = await indexOf()
    expect(index).toMatchObject({
      $schema: 'https://schemas.agentskills.io/discovery/0.2.0/schema.json',
    })
    expect(index.skills.map(({ name, type }) => [name, type])).toEqual([
      ['large', 'archive'],
      ['numbers', 'skill-md'],
      ['open', 'skill-md'],
      ['pdf', 'archive'],
      ['plain', 'skill-md'],
    ])
    for (const { url, digest } of index.skills) {
      const answer = await get(new URL(url, server.endpoint + INDEX).href)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      expect([answer.status, `sha256:${sha256(bytes)}`]).toEqual([200, digest])
      expect(answer.headers.get('etag')).toBe(`"${digest.slice(7)}"`)
    }
  })

  it('has an archive that is unpacked to the files of the skill', async () => {
    const { url } = (await indexOf()).skills.find(({ name }) => name === 'pdf')!
    const answer = await get(new URL(url, server.endpoint + INDEX).href)
    expect(answer.headers.get('content-type')).toBe('application/gzip')
    put('out/pdf.tar.gz', new Uint8Array(await answer.arrayBuffer()))
    execFileSync('tar', ['-xzf', join(folder, 'out/pdf.tar.gz'), '-C', join(folder, 'out')])
    for (const path of ['SKILL.md', 'references/FORMS é.md', 'assets/logo.png']) {
      expect(readFileSync(join(folder, 'out', path))).toEqual(
        readFileSync(join(folder, 'skills/pdf', path)),
      )
    }
    expect(log.at(-1)).toMatchObject({ recipient: 'partner', asset: 'skill pdf', status: 200 })
  })

  it('is answered at the root of the host too, and by HEAD, and 304 to who has it', async () => {
    const root = new URL(server.endpoint).origin
    expect(await indexOf(TOKEN, root)).toEqual(await indexOf())
    const head = await get(server.endpoint + INDEX, TOKEN, { method: 'HEAD' })
    const etag = head.headers.get('etag')!
    expect([head.status, etag]).toEqual([200, expect.stringMatching(/^"[\w-]+"$/)])
    const again = await get(server.endpoint + INDEX, TOKEN, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    const { url } = (await indexOf()).skills[0]!
    const artifact = new URL(url, server.endpoint + INDEX).href
    const first = await get(artifact, TOKEN, { method: 'HEAD' })
    const known = { headers: { 'if-none-match': first.headers.get('etag')! } }
    expect((await get(artifact, TOKEN, known)).status).toBe(304)
    expect(Number(first.headers.get('content-length'))).toBeGreaterThan(5 * 1024 ** 2)
  })

  it.each([
    ['the index', () => INDEX, 'private, no-cache'],
    ['a SKILL.md', () => '/.well-known/agent-skills/lake/kb/plain/SKILL.md', 'private, no-cache'],
    ['an archive', () => '/.well-known/agent-skills/lake/kb/pdf/skill.tar.gz', 'private, no-cache'],
  ])('holds %s to the conditions of a request, by GET and by HEAD', async (_, path, caching) => {
    const at = server.endpoint + path()
    const whole = await get(at)
    const etag = whole.headers.get('etag')!
    const bytes = Buffer.from(await whole.arrayBuffer())
    const other = '"of-another"'
    const cases: readonly (readonly [Record<string, string>, number])[] = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `W/${etag}` }, 304],
      [{ 'if-none-match': `${other}, ${etag}` }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': other }, 200],
      [{ 'if-match': etag }, 200],
      [{ 'if-match': `${other},${etag}` }, 200],
      [{ 'if-match': '*' }, 200],
      [{ 'if-match': other }, 412],
      // A weak tag is that of no bytes.
      [{ 'if-match': `W/${etag}` }, 412],
      [{ 'if-match': '' }, 412],
      [{ 'if-match': etag, 'if-none-match': etag }, 304],
      [{ 'if-match': other, 'if-none-match': other }, 412],
      // Parts are not served: who asks for one is given all, as RFC 9110 has it.
      [{ range: 'bytes=0-3' }, 200],
      [{ range: 'bytes=0-3', 'if-range': etag }, 200],
    ]
    for (const method of ['GET', 'HEAD']) {
      for (const [headers, status] of cases) {
        const answer = await get(at, TOKEN, { method, headers })
        const body = Buffer.from(await answer.arrayBuffer())
        expect([method, headers, answer.status]).toEqual([method, headers, status])
        expect(answer.headers.get('etag')).toBe(etag)
        if (status !== 412) expect(answer.headers.get('cache-control')).toBe(caching)
        if (method === 'HEAD' || status === 304) expect(body).toHaveLength(0)
        else if (status === 200) expect(body.equals(bytes)).toBe(true)
        else expect(JSON.parse(body.toString())).toMatchObject({ errorCode: 'RESOURCE_CONFLICT' })
      }
    }
    expect(whole.headers.get('accept-ranges')).toBe(path() === INDEX ? null : 'none')
  })

  it('tells strangers by conditions nothing that they are not told without', async () => {
    const artifact = '/.well-known/agent-skills/lake/kb/plain/SKILL.md'
    const etag = (await get(server.endpoint + artifact)).headers.get('etag')!
    for (const name of ['if-match', 'if-none-match']) {
      for (const tag of [etag, '*', '"of-another"']) {
        const refused = await get(server.endpoint + artifact, NONE, { headers: { [name]: tag } })
        expect(refused.status).toBe(401)
        expect(refused.headers.get('etag')).toBeNull()
      }
    }
    const open = `${server.endpoint}/.well-known/agent-skills/lake/kb/open/SKILL.md`
    const known = { 'if-none-match': (await get(open, NONE)).headers.get('etag')! }
    const again = await get(open, NONE, { headers: known })
    expect([again.status, again.headers.get('cache-control')]).toEqual([304, 'public, no-cache'])
  })

  it('changes with a skill, and its artifact with it', async () => {
    put('skills/changing/SKILL.md', skill('changing'))
    const found = async () => (await indexOf()).skills.find(({ name }) => name === 'changing')
    await expect.poll(async () => (await found())?.type).toBe('skill-md')
    put('skills/changing/more.txt', 'more')
    await expect.poll(async () => (await found())?.type).toBe('archive')
    rmSync(join(folder, 'skills/changing'), { recursive: true })
    await expect.poll(found).toBeUndefined()
  })

  it('tells strangers of what is public, and of nothing else', async () => {
    const index = await indexOf(NONE)
    expect(index.skills).toMatchObject([{ name: 'open', type: 'skill-md' }])
    const open = new URL(index.skills[0]!.url, server.endpoint + INDEX).href
    const answer = await get(open, NONE)
    expect([answer.status, await answer.text()]).toEqual([200, skill('open')])
    expect(answer.headers.get('cache-control')).toBe('public, no-cache')
    expect(log.at(-1)).toMatchObject({ address: '127.0.0.1', asset: 'skill open' })
    expect(log.at(-1)).not.toHaveProperty('recipient')
    const texts = new Set<string>()
    for (const path of ['lake/kb/plain', 'lake/kb/nope', 'secret/kb/own', 'nope/kb/plain']) {
      const refused = await get(
        `${server.endpoint}/.well-known/agent-skills/${path}/SKILL.md`,
        NONE,
      )
      expect(refused.status).toBe(401)
      texts.add(await refused.text())
    }
    expect(texts.size).toBe(1)
  })

  it('does not take a token that is no good for none', async () => {
    expect((await get(server.endpoint + INDEX, 'a-token-that-nobody-has')).status).toBe(401)
  })

  it('has nothing of another recipient', async () => {
    expect((await indexOf(OTHER)).skills.map(({ name }) => name)).toEqual(['own'])
    for (const path of ['lake/kb/plain/SKILL.md', 'lake/kb/pdf/skill.tar.gz']) {
      expect((await get(`${server.endpoint}/.well-known/agent-skills/${path}`, OTHER)).status).toBe(
        404,
      )
    }
  })
})

it('asks strangers for a token where nothing is public', async () => {
  const own = createSharingServer({
    endpoint: 'https://share.example/a',
    folder,
    shares: [{ name: 'lake', schemas: [{ name: 'kb', skillFolders: [{ location: 'skills' }] }] }],
  })
  try {
    const answer = await own.fetch(new Request(`https://share.example/a${INDEX}`))
    expect(answer.status).toBe(401)
  } finally {
    await own.close()
  }
})

describe.each([
  ['2026-07-28', { mode: 'auto' }],
  ['2025-11-25', { mode: 'legacy' }],
] as const)('MCP of revision %s', (revision, versionNegotiation) => {
  const connect = async (token: string, options: { readonly origin?: string } = {}) => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation })
    const headers = {
      authorization: `Bearer ${token}`,
      ...(options.origin && { origin: options.origin }),
    }
    const url = new URL(`${server.endpoint}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }))
    return client
  }
  let client: Client
  beforeAll(async () => {
    client = await connect(TOKEN)
  })
  afterAll(() => client.close())

  it('promises no host to be told when its lists change', () => {
    expect(client.getServerCapabilities()?.resources?.listChanged).not.toBe(true)
  })

  it('lists skills with every file, as hosts verify them', async () => {
    expect(client.getNegotiatedProtocolVersion()).toBe(revision)
    const skills = new SkillsClient(client)
    const listing = await skills.list()
    expect(listing.skills.map(({ uri }) => uri)).toEqual([
      'skill://lake/kb/large/SKILL.md',
      'skill://lake/kb/open/SKILL.md',
      'skill://lake/kb/pairs/SKILL.md',
      'skill://lake/kb/pdf/SKILL.md',
      'skill://lake/kb/plain/SKILL.md',
      'skill://more/kb/pairs/SKILL.md',
      'skill://more/kb/plain/SKILL.md',
    ])
    const pdf = listing.skills.find(({ frontmatter }) => frontmatter.name === 'pdf')!
    expect(pdf.frontmatter).toEqual({
      name: 'pdf',
      description: 'Does pdf',
      license: 'MIT',
      'x-own': [1, true],
    })
    expect((await skills.get(pdf.uri)).skill).toEqual(pdf)
    const main = await skills.read(pdf)
    expect(main).toMatchObject({ verified: true, body: '# pdf\n' })
    const image = await skills.read(pdf, 'assets/logo.png')
    expect([...image.bytes]).toEqual([0x89, 0x50, 0xff, 0])
    expect((await skills.read(pdf, 'references/FORMS é.md')).text).toBe('# Forms\n')
    const { resources } = await skills.readDirectory('skill://lake/kb/pdf')
    expect(resources.map(({ name, mimeType }) => [name, mimeType])).toEqual([
      ['SKILL.md', 'text/markdown'],
      ['assets', 'inode/directory'],
      ['references', 'inode/directory'],
    ])
  })

  it('has resources for hosts that know nothing of skills', async () => {
    const { resources } = await client.listResources()
    expect(resources).toContainEqual({
      uri: 'skill://lake/kb/numbers/SKILL.md',
      name: 'numbers',
      description: 'Does numbers',
      mimeType: 'text/markdown',
      size: skill('numbers', 'metadata:\n  version: 1.0\n').length,
    })
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates).toMatchObject([{ uriTemplate: 'skill://{+path}' }])
    const { contents } = await client.readResource({ uri: 'skill://lake/kb/plain/SKILL.md' })
    expect(contents).toEqual([
      { uri: 'skill://lake/kb/plain/SKILL.md', mimeType: 'text/markdown', text: skill('plain') },
    ])
    expect(log.at(-1)).toMatchObject({ route: '/mcp', recipient: 'partner', asset: 'skill plain' })
  })

  it.each([
    'skill://secret/kb/own/SKILL.md',
    'skill://lake/kb/pdf/../../../secret/kb/own/SKILL.md',
    'skill://lake/kb/pdf/..%2f..%2f..%2fsecret/own/SKILL.md',
    'skill://lake/kb/pdf/%2e%2e/%2e%2e/plain/nope',
    'skill://lake/kb/pdf/references/%2e%2e%2f%2e%2e%2f/plain/SKILL.md',
    'skill://lake/kb/pdf/..\\..\\plain\\SKILL.md',
    'skill://lake/kb/pdf//etc/passwd',
    'skill://lake/kb/pdf/references',
    'skill://lake/kb/pdf/a%00',
    'skill://lake/kb/pdf/%ff',
    'skill://lake/kb/.git/config',
    'skill://lake/kb/pdf/SKILL.md?x=1',
    'file:///etc/passwd',
  ])('reads nothing at %s', async uri => {
    await expect(client.readResource({ uri })).rejects.toMatchObject({ code: -32602 })
  })

  it('does not know the skill of another recipient, and answers it to them', async () => {
    const other = await connect(OTHER)
    try {
      const skills = new SkillsClient(other)
      const { skills: own } = await skills.list()
      expect(own.map(({ uri }) => uri)).toEqual(['skill://secret/kb/own/SKILL.md'])
      for (const uri of ['skill://lake/kb/pdf/SKILL.md', 'skill://lake/kb/open/SKILL.md']) {
        await expect(skills.get(uri)).rejects.toMatchObject({ code: -32602 })
      }
    } finally {
      await other.close()
    }
  })

  it('says how a large file is fetched, and why a skill of many files is not served', async () => {
    await expect(
      client.readResource({ uri: 'skill://lake/kb/large/data.bin' }),
    ).rejects.toMatchObject({
      code: -32602,
      message: expect.stringMatching(
        /"data\.bin" has 5242880 bytes.*spillway download PROFILE#lake\.kb\.large, or by a URL of its file-urls/,
      ),
    })
    expect(log.at(-1)).toMatchObject({ route: '/mcp', status: 200, outcome: 'failed' })
    await expect(
      client.readResource({ uri: 'skill://lake/kb/huge/SKILL.md' }),
    ).rejects.toMatchObject({ message: expect.stringContaining('more than 512 files') })
  })

  it('lets in no one without a token, and no page of another origin', async () => {
    await expect(connect('a-token-that-nobody-has')).rejects.toThrow(/401|unauth/i)
    await expect(connect(TOKEN, { origin: 'https://evil.example' })).rejects.toThrow(/403|origin/)
    const same = await connect(TOKEN, { origin: new URL(server.endpoint).origin })
    await same.close()
  })
})

it('serves very many skills page by page, each once', async () => {
  const names = Array.from({ length: 45 }, (_, i) => `s${String(i).padStart(2, '0')}`)
  for (const name of names) put(`many/${name}/SKILL.md`, skill(name))
  const many = createSharingServer({
    endpoint: 'https://share.example/a',
    folder,
    shares: [
      { name: 'a', schemas: [{ name: 'none' }] },
      { name: 'b', schemas: [{ name: 'kb', skillFolders: [{ location: 'many' }] }] },
      {
        name: 'c',
        schemas: [{ name: 'kb', skills: [{ name: 'plain', location: 'skills/plain' }] }],
      },
    ],
    recipients: [{ name: 'r', shares: ['*'], tokens: [{ token: TOKEN }] }],
  })
  const asked: string[] = []
  const transport = new StreamableHTTPClientTransport(new URL('https://share.example/a/mcp'), {
    requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
    fetch: (url, init) => {
      asked.push(String(init?.body))
      return many.fetch(new Request(url, init))
    },
  })
  const client = new Client({ name: 'test', version: '1' })
  try {
    await client.connect(transport)
    const uris = [
      ...names.map(name => `skill://b/kb/${name}/SKILL.md`),
      'skill://c/kb/plain/SKILL.md',
    ]
    const { skills } = await new SkillsClient(client).list()
    expect(skills.map(({ uri }) => uri)).toEqual(uris)
    expect(asked.filter(body => body.includes('skills/list'))).toHaveLength(4)
    const { resources } = await client.listResources()
    expect(resources.map(({ uri }) => uri)).toEqual(uris)
  } finally {
    await client.close()
    await many.close()
  }
})

describe('spillway mcp', () => {
  it('serves the skills of a profile over standard input and output', async () => {
    put(
      'my.share',
      JSON.stringify({ shareCredentialsVersion: 1, endpoint: server.endpoint, bearerToken: TOKEN }),
    )
    const [toServer, toClient] = [new PassThrough(), new PassThrough()]
    const errors: string[] = []
    const stop = new AbortController()
    const running = runProgram(['mcp', 'my.share'], {
      stdin: toServer,
      stdout: toClient,
      stderr: new Writable({
        write(chunk, _, done) {
          errors.push(String(chunk))
          done()
        },
      }),
      folder,
      environment: {},
      signal: stop.signal,
    })
    const client = new Client({ name: 'test', version: '1' })
    const ours: Transport = {
      async start() {
        createInterface({ input: toClient }).on('line', line => ours.onmessage?.(JSON.parse(line)))
      },
      async send(message) {
        toServer.write(`${JSON.stringify(message)}\n`)
      },
      close: async () => ours.onclose?.(),
    }
    await client.connect(ours)
    const skills = new SkillsClient(client)
    const { skills: found } = await skills.list()
    expect(found.map(({ uri }) => uri)).toContain('skill://lake/kb/pdf/SKILL.md')
    expect(found.map(({ uri }) => uri)).not.toContain('skill://lake/kb/huge/SKILL.md')
    const pdf = found.find(({ frontmatter }) => frontmatter.name === 'pdf')!
    expect((await skills.read(pdf)).verified).toBe(true)
    expect([...(await skills.read(pdf, 'assets/logo.png')).bytes]).toEqual([0x89, 0x50, 0xff, 0])
    await expect(skills.get('skill://secret/kb/own/SKILL.md')).rejects.toMatchObject({
      code: -32602,
    })
    await expect(
      client.readResource({ uri: 'skill://lake/kb/large/data.bin' }),
    ).rejects.toMatchObject({ message: expect.stringContaining('spillway download') })
    expect(errors.join('')).toContain('lake.kb.huge is left out')
    expect(errors.join('')).not.toContain(TOKEN)
    toServer.end()
    expect(await running).toBe(0)
  })
})

describe('the endpoint of MCP', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    get(`${server.endpoint}/mcp`, TOKEN, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    })
  const listen = { jsonrpc: '2.0', id: 7, method: 'subscriptions/listen', params: {} }

  it.each([
    ['no JSON', '{', 400],
    ['a list of messages', JSON.stringify(new Array(1000).fill(listen)), 400],
    ['null', 'null', 400],
    ['a body that is too long', JSON.stringify({ x: 'x'.repeat(3e5) }), 400],
    ['a body of very many values', `{"params":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 400],
  ])('refuses %s', async (_, body, status) => {
    expect((await post(body)).status).toBe(status)
  })

  it('refuses other methods of HTTP, and streams that would have no end', async () => {
    for (const method of ['GET', 'DELETE']) {
      expect((await get(`${server.endpoint}/mcp`, TOKEN, { method })).status).toBe(405)
    }
    const answer = await post(JSON.stringify(listen))
    expect(await answer.json()).toMatchObject({ id: 7, error: { code: -32601 } })
  })
})
