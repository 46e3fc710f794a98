import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseConfig, type RunningServer, startServer } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ASSET_ROUTES, INDEX_ROUTE, SKILL_ROUTES } from './disjoint/asset-routes.js'

const REGIONS = ['eu', 'us'] as const
type Region = (typeof REGIONS)[number]
const other = (region: Region): Region => (region === 'eu' ? 'us' : 'eu')
const tokenOf = (region: string) => `token-of-the-recipient-of-${region}`

const folder = mkdtempSync(join(tmpdir(), 'disjoint-assets-'))
let server: RunningServer

/** Both have assets of the same names, whose folders lie beside each other and are called alike. */
beforeAll(async () => {
  const put = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const shares = REGIONS.map(region => {
    const base = region === 'eu' ? 'lake/x' : 'lake/x2'
    put(`${base}/docs/of-${region}.txt`, `bytes of ${region}`)
    put(`${base}/docs/more.txt`, `more of ${region}`)
    put(`${base}/forms/SKILL.md`, `---\nname: forms\ndescription: of ${region}\n---\n`)
    put(`${base}/model/1/weights`, `weights of ${region}`)
    return {
      name: `of-${region}`,
      schemas: [
        {
          name: 'd',
          volumes: [{ name: 'docs', location: `${base}/docs` }],
          skills: [{ name: 'forms', location: `${base}/forms` }],
          models: [
            {
              name: 'churn',
              versions: [{ version: 1, location: `${base}/model/1`, aliases: ['best'] }],
            },
          ],
        },
      ],
    }
  })
  const recipients = REGIONS.map(region => ({
    name: region,
    shares: [`of-${region}`],
    tokens: [{ sha256: createHash('sha256').update(tokenOf(region)).digest('hex') }],
  }))
  const text = JSON.stringify({
    server: { port: 0, secret: 'one secret for both servers' },
    shares,
    recipients,
  })
  server = await startServer(parseConfig(text, { folder, path: 'spillway.yaml' }))
})
afterAll(async () => {
  await server.close(0)
  rmSync(folder, { recursive: true, force: true })
})

const PARAMS: Readonly<Record<string, string>> = {
  schema: 'd',
  volume: 'docs',
  skill: 'forms',
  model: 'churn',
  version: '1',
  alias: 'best',
}

const FILES = ['more.txt', 'SKILL.md', 'weights']

async function ask(region: Region, route: string, { share = `of-${region}`, query = '' } = {}) {
  const [method, pattern] = route.split(' ') as [string, string]
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => PARAMS[name] ?? share)
  const file = FILES[['volumes', 'skills', 'models'].findIndex(kind => path.includes(`/${kind}/`))]
  const answer = await fetch(`${server.endpoint}${path}${query}`, {
    method,
    headers: { authorization: `Bearer ${tokenOf(region)}` },
    ...(method === 'POST' && {
      body: JSON.stringify({ paths: [file], path: file, sha256: '0'.repeat(64) }),
    }),
  })
  return { status: answer.status, text: await answer.text() }
}

/** The answer to a message over MCP. */
async function tell(region: Region, method: string, params: object): Promise<string> {
  const answer = await fetch(`${server.endpoint}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokenOf(region)}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return answer.text()
}

describe.each(REGIONS)('the recipient of %s', region => {
  it.each(ASSET_ROUTES)('gets its own and nothing of the other: %s', async route => {
    const own = await ask(region, route)
    // Nobody gives credentials for folders of a disk; what is said of other bytes is taken, and no more.
    const statuses = { credentials: 400, mismatches: 202 }
    const [, status = 200] = Object.entries(statuses).find(([part]) => route.includes(part)) ?? []
    expect(own.status).toBe(status)
    expect(own.text).not.toMatch(new RegExp(`of[- ]${other(region)}|lake|x2/`))
    const theirs = await ask(region, route, { share: `of-${other(region)}` })
    expect([theirs.status, JSON.parse(theirs.text).errorCode]).toEqual([
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ])
    const none = await ask(region, route, { share: 'of-nobody' })
    expect(theirs.text.replaceAll(`of-${other(region)}`, 'of-nobody')).toBe(none.text)
  })

  it('finds its own skills in the index, and nothing of the other by any path of it', async () => {
    const index = await ask(region, INDEX_ROUTE)
    expect(index.text).toContain(`of ${region}`)
    expect(index.text).not.toMatch(new RegExp(`of[- ]${other(region)}|lake|x2/`))
    const [document, archive] = SKILL_ROUTES
    expect(await ask(region, document)).toMatchObject({
      status: 200,
      text: expect.stringContaining(`of ${region}`),
    })
    for (const route of [document, archive]) {
      const theirs = await ask(region, route, { share: `of-${other(region)}` })
      const none = await ask(region, route, { share: 'of-nobody' })
      expect(theirs.status).toBe(404)
      expect(theirs.text.replaceAll(`of-${other(region)}`, 'of-nobody')).toBe(none.text)
    }
  })

  it('hears of its own skills over MCP, and nothing of the other by any name', async () => {
    const listed = await tell(region, 'resources/list', {})
    expect(listed).toContain(`of ${region}`)
    expect(listed).not.toMatch(new RegExp(`of[- ]${other(region)}|lake|x2/`))
    expect(await tell(region, 'skills/list', {})).not.toContain(`of-${other(region)}`)
    for (const method of ['resources/read', 'skills/get', 'resources/directory/read']) {
      const of = (share: string) =>
        tell(region, method, { uri: `skill://${share}/d/forms/SKILL.md` })
      const theirs = await of(`of-${other(region)}`)
      expect(theirs).toContain('"error"')
      expect(theirs.replaceAll(`of-${other(region)}`, 'of-nobody')).toBe(await of('of-nobody'))
    }
    expect(
      await tell(region, 'resources/read', { uri: `skill://of-${region}/d/forms/SKILL.md` }),
    ).toContain(`description: of ${region}`)
  })

  it('takes no page token of the other', async () => {
    const lists = ASSET_ROUTES.filter(route => /\/files$|docs\/files$/.test(route))
    expect(lists).toHaveLength(3)
    const [volumes] = lists as [string]
    const { text } = await ask(other(region), volumes, { query: '?maxResults=1' })
    const token = (JSON.parse(text) as { nextPageToken?: string }).nextPageToken
    expect(token).toBeDefined()
    const stolen = await ask(region, volumes, { query: `?maxResults=1&pageToken=${token}` })
    expect(stolen.status).toBe(400)
  })

  it('opens no file of the other by any mixture of URLs', async () => {
    const urlsOf = async (whose: Region) => {
      const routes = ASSET_ROUTES.filter(route => route.endsWith('/file-urls'))
      const answers = await Promise.all(routes.map(route => ask(whose, route)))
      return answers.map(
        ({ text }) => (JSON.parse(text) as { items: { url: string }[] }).items[0]!.url,
      )
    }
    const [own, theirs] = await Promise.all([urlsOf(region), urlsOf(other(region))])
    for (const url of own) {
      expect((await fetch(url)).status).toBe(200)
      for (const their of theirs) {
        const mixed = new URL(url)
        mixed.pathname = new URL(their).pathname
        const crossed = new URL(their)
        crossed.searchParams.set('for', new URL(url).searchParams.get('for')!)
        const widened = new URL(url)
        widened.searchParams.set('in', new URL(their).searchParams.get('in') ?? '0')
        widened.pathname = new URL(their).pathname
        for (const { href } of [mixed, crossed, widened]) {
          const answer = await fetch(href)
          expect([answer.status, await answer.text()]).toEqual([403, ''])
        }
      }
    }
  })
})
