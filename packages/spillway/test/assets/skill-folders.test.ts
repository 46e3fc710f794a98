import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSharingServer } from '../../src/index.js'
import { run } from '../support/terminal.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-skills-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, text: string) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
const skill = (name: string, description = `Does ${name}`) =>
  `---\nname: ${name}\ndescription: ${description}\n---\n# ${name}\n`

const ENDPOINT = 'https://share.example/a'
const TOKEN = 'a-token-of-some-length'

let server: ReturnType<typeof createSharingServer>
beforeAll(() => {
  put('skills/pdf/SKILL.md', skill('pdf'))
  put('skills/pdf/scripts/run.py', 'print(1)')
  put('skills/zip/SKILL.md', skill('zip'))
  put('skills/README.md', 'all our skills')
  put('skills/.git/config', '')
  put('skills/Draft/SKILL.md', skill('Draft'))
  put('skills/drafts/notes.md', 'no skill')
  put('skills/broken/SKILL.md', 'nothing')
  put('skills/misnamed/SKILL.md', skill('other'))
  put('more/zip/SKILL.md', skill('zip', 'Of another folder'))
  put('more/tar/SKILL.md', skill('tar'))
  put('own/pdf/SKILL.md', skill('pdf', 'Named by the configuration'))
  put('secret/SKILL.md', skill('secret', 'Not shared'))
  symlinkSync(join(folder, 'secret'), join(folder, 'skills/secret'))
  symlinkSync('pdf', join(folder, 'skills/alias'))
  server = createSharingServer({
    endpoint: ENDPOINT,
    folder,
    server: { freshnessSeconds: 0 },
    shares: [
      {
        name: 'lake',
        schemas: [
          { name: 'tools', skillFolders: [{ location: 'skills' }, { location: 'more' }] },
          {
            name: 'own',
            skills: [{ name: 'pdf', location: 'own/pdf' }],
            skillFolders: [{ location: 'skills' }],
          },
          { name: 'gone', skillFolders: [{ location: 'nowhere' }] },
        ],
      },
      // Shared with others, so that the server may read it.
      { name: 'private', schemas: [{ name: 'x', volumes: [{ name: 's', location: 'secret' }] }] },
    ],
    recipients: [{ name: 'partner', shares: ['lake'], tokens: [{ token: TOKEN }] }],
  })
})
afterAll(() => server.close())

const ask = async (path: string, body?: unknown) => {
  const answer = await server.fetch(
    new Request(path.startsWith('https:') ? path : `${ENDPOINT}/shares/lake${path}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    }),
  )
  const text = await answer.text()
  return { status: answer.status, text, body: /^\{/.test(text) ? JSON.parse(text) : undefined }
}
const names = async (path: string) => {
  const { body } = await ask(path)
  return body.items.map(({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`)
}

describe('a folder of skills', () => {
  it('shares each folder that is a skill, and leaves out what is none', async () => {
    expect(await names('/schemas/tools/skills')).toEqual(['tools.pdf', 'tools.tar', 'tools.zip'])
    const { body } = await ask('/schemas/TOOLS/skills/PDF')
    expect(body).toMatchObject({ name: 'pdf', schema: 'tools', description: 'Does pdf' })
    expect(await names('/schemas/gone/skills')).toEqual([])
  })

  it('shares the first folder’s where two have a skill of one name, and the configuration’s before both', async () => {
    expect((await ask('/schemas/tools/skills/zip')).body.description).toBe('Does zip')
    expect((await ask('/schemas/own/skills/pdf')).body.description).toBe(
      'Named by the configuration',
    )
    expect(await names('/all-skills')).toEqual([
      ...['own.pdf', 'own.zip', 'tools.pdf', 'tools.tar', 'tools.zip'],
    ])
  })

  it('is listed page by page, each skill once', async () => {
    const seen: string[] = []
    let token = ''
    do {
      const { body } = await ask(`/all-skills?maxResults=2${token && `&pageToken=${token}`}`)
      seen.push(...body.items.map(({ name }: { name: string }) => name))
      token = body.nextPageToken ?? ''
    } while (token !== '')
    expect(seen).toEqual(['pdf', 'zip', 'pdf', 'tar', 'zip'])
  })

  it('is looked at anew: what is put there is shared, and what is taken away is not', async () => {
    put('skills/new/SKILL.md', skill('new'))
    expect(await names('/schemas/tools/skills')).toContain('tools.new')
    const signed = await ask('/schemas/tools/skills/new/file-urls', { paths: ['SKILL.md'] })
    const [{ url }] = signed.body.items
    expect((await ask(url)).text).toContain('# new')
    renameSync(join(folder, 'skills/new'), join(folder, 'skills/.new'))
    expect((await ask('/schemas/tools/skills/new')).status).toBe(404)
    expect((await ask(url)).status).toBe(403)
  })

  it.each(['secret', 'alias', 'Draft', 'drafts', 'broken', 'misnamed', '.git', '..', 'README.md'])(
    'has no skill %s, and no files of it',
    async name => {
      const path = `/schemas/tools/skills/${encodeURIComponent(name)}`
      expect((await ask(path)).status).toBe(404)
      expect((await ask(`${path}/files`)).status).toBe(404)
      expect((await ask(`${path}/file-urls`, { paths: ['SKILL.md'] })).status).toBe(404)
    },
  )

  it('gives nothing of what a skill is exchanged for by a link', async () => {
    put('skills/swap/SKILL.md', skill('swap'))
    const path = '/schemas/tools/skills/swap'
    const { body } = await ask(`${path}/file-urls`, { paths: ['SKILL.md'] })
    rmSync(join(folder, 'skills/swap'), { recursive: true })
    symlinkSync(join(folder, 'secret'), join(folder, 'skills/swap'))
    try {
      for (const answer of [
        await ask(body.items[0].url),
        await ask(`${path}/files`),
        await ask(`${path}/file-urls`, { paths: ['SKILL.md'] }),
      ]) {
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(answer.text).not.toMatch(/Not shared|spillway-skills-/)
      }
    } finally {
      rmSync(join(folder, 'skills/swap'))
    }
  })

  it('gives nothing of it either before the folder is looked at again', async () => {
    put('slow/swap/SKILL.md', skill('swap'))
    const slow = createSharingServer({
      endpoint: ENDPOINT,
      folder,
      server: { freshnessSeconds: 3600 },
      shares: [
        { name: 'lake', schemas: [{ name: 'tools', skillFolders: [{ location: 'slow' }] }] },
        { name: 'private', schemas: [{ name: 'x', volumes: [{ name: 's', location: 'secret' }] }] },
      ],
      recipients: [{ name: 'partner', shares: ['lake'], tokens: [{ token: TOKEN }] }],
    })
    const path = `${ENDPOINT}/shares/lake/schemas/tools/skills/swap`
    const get = async (url: string, init?: RequestInit) => {
      const headers = { authorization: `Bearer ${TOKEN}` }
      const answer = await slow.fetch(new Request(url, { headers, ...init }))
      return { status: answer.status, text: await answer.text() }
    }
    const sign = () =>
      get(`${path}/file-urls`, { method: 'POST', body: JSON.stringify({ paths: ['SKILL.md'] }) })
    try {
      const [{ url }] = JSON.parse((await sign()).text).items
      expect((await get(url)).status).toBe(200)
      rmSync(join(folder, 'slow/swap'), { recursive: true })
      symlinkSync(join(folder, 'secret'), join(folder, 'slow/swap'))
      for (const answer of [await get(url), await sign(), await get(`${path}/files`)]) {
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(answer.text).not.toMatch(/Not shared|spillway-skills-/)
      }
    } finally {
      await slow.close()
    }
  })

  it('does not let a link of one skill lead into another, or out', async () => {
    put('skills/linking/SKILL.md', skill('linking'))
    symlinkSync('../pdf/scripts', join(folder, 'skills/linking/scripts'))
    symlinkSync('../../secret/SKILL.md', join(folder, 'skills/linking/out.md'))
    try {
      const path = '/schemas/tools/skills/linking/file-urls'
      expect((await ask(path, { paths: ['SKILL.md'] })).status).toBe(200)
      expect((await ask(path, { paths: ['scripts/run.py'] })).status).toBe(400)
      expect((await ask(path, { paths: ['out.md'] })).status).toBe(400)
    } finally {
      rmSync(join(folder, 'skills/linking'), { recursive: true })
    }
  })
})

it('is shared by a function of the embedder as well', async () => {
  const tenant = createSharingServer({
    endpoint: ENDPOINT,
    folder,
    roots: ['skills'],
    authenticate: () => ({ id: 'acme', name: 'Acme' }),
    catalog: () => [
      { name: 'lake', schemas: [{ name: 'kb', skillFolders: [{ location: 'skills' }] }] },
    ],
  })
  try {
    const answer = await tenant.fetch(new Request(`${ENDPOINT}/shares/lake/all-skills`))
    const { items } = (await answer.json()) as { items: { name: string }[] }
    expect(items.map(({ name }) => name)).toEqual(['pdf', 'zip'])
  } finally {
    await tenant.close()
  }
})

it('is not made public by a function, which is asked for recipients alone', async () => {
  const log: unknown[] = []
  const tenant = createSharingServer({
    endpoint: ENDPOINT,
    folder,
    roots: ['own'],
    authenticate: () => ({ id: 'acme', name: 'Acme' }),
    catalog: () => [
      {
        name: 'lake',
        schemas: [
          { name: 'kb', skills: [{ name: 'pdf', location: 'own/pdf', public: true as const }] },
        ],
      },
    ],
    log: ({ error }) => log.push(error),
  })
  try {
    expect((await tenant.fetch(new Request(`${ENDPOINT}/shares/lake/all-skills`))).status).toBe(500)
    expect(String(log[0])).toContain('skill pdf is public, and a function is asked for recipients')
  } finally {
    await tenant.close()
  }
})

it('is told by doctor with what is left out, and where', async () => {
  put(
    'doctor.yaml',
    `shares: [{ name: lake, schemas: [{ name: kb, skills: [{ name: pdf, location: own/pdf, public: true }], skillFolders: [{ location: skills }, { location: none }] }] }]`,
  )
  const { stdout } = await run(['doctor', '--config', 'doctor.yaml', '--json'], { folder })
  const { checks } = JSON.parse(stdout) as { checks: { name: string; detail: string }[] }
  const [found, none] = checks.filter(({ name }) => name === 'lake.kb skills')
  expect(found).toMatchObject({ ok: true, warning: true })
  expect(found!.detail).toMatch(
    /2 skills; left out: .*broken\/ \(expected front matter.*drafts\/ \(the folder of the skill drafts has no SKILL\.md.*, and 1 more$/,
  )
  expect(checks.find(({ name }) => name === 'public')).toMatchObject({
    warning: true,
    detail: 'anybody may read, without a token: lake.kb.pdf',
  })
  expect(none).toMatchObject({ warning: true, detail: expect.stringContaining('0 skills') })
})
