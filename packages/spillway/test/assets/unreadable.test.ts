import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createSharingClient } from '@spillway/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSharingServer } from '../../src/index.js'
import { run } from '../support/terminal.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-unreadable-'))
const put = (name: string, text: string) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
const skill = (name: string) => `---\nname: ${name}\ndescription: Does ${name}\n---\n# ${name}\n`
const close = (name: string) => chmodSync(join(folder, name), 0)

const ENDPOINT = 'https://share.example/a'
const TOKEN = 'a-token-of-some-length'
const isRoot = process.geteuid?.() === 0
// Permissions do not hold the superuser: as another user they do. Windows has none.
const canTell = process.platform !== 'win32' && process.seteuid !== undefined

let server: ReturnType<typeof createSharingServer>
const told: string[] = []
beforeAll(() => {
  chmodSync(folder, 0o755)
  put('docs/a.txt', 'a')
  put('docs/closed/b.txt', 'b')
  put('docs/z.txt', 'z')
  put('files/a.txt', 'a')
  put('files/closed.txt', 'closed')
  for (const name of ['open', 'shut', 'inside', 'text', 'part']) {
    put(`skills/${name}/SKILL.md`, skill(name))
  }
  put('skills/inside/data/x', 'x')
  put('skills/part/x', 'x')
  put('named/SKILL.md', skill('named'))
  for (const name of [
    'docs/closed',
    'files/closed.txt',
    'skills/shut',
    'skills/inside/data',
    'skills/text/SKILL.md',
    'skills/part/x',
    'named',
  ])
    close(name)
  const shares = [
    {
      name: 'lake',
      schemas: [
        {
          name: 'kb',
          volumes: [
            { name: 'docs', location: 'docs' },
            { name: 'files', location: 'files' },
          ],
          skills: [{ name: 'named', location: 'named' }],
          skillFolders: [{ location: 'skills' }],
        },
      ],
    },
  ]
  put('doctor.json', JSON.stringify({ shares }))
  server = createSharingServer({
    endpoint: ENDPOINT,
    folder,
    server: { freshnessSeconds: 0 },
    shares,
    recipients: [{ name: 'partner', shares: ['lake'], tokens: [{ token: TOKEN }] }],
    log: false,
    onError: error => told.push(String(error)),
  })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  if (isRoot) process.seteuid!(65_534)
})
afterEach(() => {
  if (isRoot) process.seteuid!(0)
})

const ask = async (path: string, body?: unknown) => {
  const answer = await server.fetch(
    new Request(path.startsWith('https:') ? path : `${ENDPOINT}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    }),
  )
  const text = await answer.text()
  return { status: answer.status, text, body: /^\{/.test(text) ? JSON.parse(text) : undefined }
}
const KB = '/shares/lake/schemas/kb'

describe.skipIf(!canTell)('what the server may not read', () => {
  it('keeps a folder from being listed, with its path and what would work, and is not retried', async () => {
    const { status, body, text } = await ask(`${KB}/volumes/docs/files`)
    expect(status).toBe(403)
    expect(body).toEqual({
      errorCode: 'PERMISSION_DENIED',
      message: expect.stringMatching(
        /^the server may not read "closed\/" in this folder, and files would be missing from its listing: its provider lets the server's user read it \(a folder: list and enter it\), or moves it out$/,
      ),
    })
    expect(text).not.toContain('spillway-unreadable-')
    let asked = 0
    const client = createSharingClient(
      { shareCredentialsVersion: 1, endpoint: ENDPOINT, bearerToken: TOKEN },
      {
        fetch: (input, init) => {
          asked++
          return server.fetch(new Request(input, init))
        },
      },
    )
    const pages = client.files({ kind: 'volume', share: 'lake', schema: 'kb', name: 'docs' })
    await expect(pages[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      retryable: false,
      message: expect.stringContaining('"closed/"'),
    })
    expect(asked).toBe(1)
  })

  it('is listed where it is a file, and refused when it is fetched', async () => {
    const { body } = await ask(`${KB}/volumes/files/files`)
    expect(body.items.map(({ path }: { path: string }) => path)).toEqual(['a.txt', 'closed.txt'])
    const signed = await ask(`${KB}/volumes/files/file-urls`, { paths: ['a.txt', 'closed.txt'] })
    const [open, closed] = signed.body.items
    expect((await ask(open.url)).text).toBe('a')
    expect((await ask(closed.url)).status).toBe(403)
  })

  it('hides no other skill, of those that are found and of those that are named', async () => {
    for (const path of ['/shares/lake/all-skills', `${KB}/skills?maxResults=1`]) {
      const seen: string[] = []
      let token = ''
      do {
        const joint = path.includes('?') ? '&' : '?'
        const { status, body } = await ask(token ? `${path}${joint}pageToken=${token}` : path)
        expect(status).toBe(200)
        seen.push(...(body.items ?? []).map(({ name }: { name: string }) => name))
        token = body.nextPageToken ?? ''
      } while (token !== '')
      expect(seen).toEqual(['inside', 'open', 'part'])
    }
    expect((await ask(`${KB}/skills/named`)).body).toMatchObject({
      errorCode: 'PERMISSION_DENIED',
      message: expect.stringContaining('the server may not read "SKILL.md" in this folder'),
    })
    expect((await ask(`${KB}/skills/shut`)).status).toBe(404)
    expect(told.filter(text => text.includes('a folder among skills is left out'))).toHaveLength(2)
  })

  it('hides no other skill from agents, and is told to the provider once', async () => {
    for (let i = 0; i < 2; i++) {
      const index = await ask('/.well-known/agent-skills/index.json')
      expect(index.body.skills.map(({ name }: { name: string }) => name)).toEqual(['open'])
    }
    for (const name of ['"data/"', '"x"']) {
      expect(told.filter(text => text.includes(`the server may not read ${name}`))).toHaveLength(1)
    }
  })

  it('is shared as soon as it may be read', async () => {
    if (isRoot) process.seteuid!(0)
    const inside = join(folder, 'skills/inside/data')
    chmodSync(inside, 0o755)
    chmodSync(join(folder, 'skills/part/x'), 0o644)
    if (isRoot) process.seteuid!(65_534)
    const names = async () => {
      const { body } = await ask('/.well-known/agent-skills/index.json')
      return body.skills.map(({ name }: { name: string }) => name)
    }
    await expect.poll(names).toEqual(['inside', 'open', 'part'])
  })

  it('is told by doctor', async () => {
    const { stdout } = await run(['doctor', '--config', 'doctor.json', '--json'], { folder })
    const { checks } = JSON.parse(stdout) as {
      checks: { name: string; ok: boolean; detail: string }[]
    }
    const of = (name: string) => checks.find(each => each.name === name)
    expect(of('lake.kb.docs')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('the server may not read "closed/" in this folder'),
    })
    expect(of('lake.kb.named')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('the server may not read "SKILL.md" in this folder'),
    })
    expect(of('lake.kb skills')?.detail).toMatch(
      /3 skills; left out: shut\/ \(the server may not read "SKILL\.md" in this folder.*text\/ \(/,
    )
  })
})
