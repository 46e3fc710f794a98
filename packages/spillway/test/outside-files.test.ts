import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tokenHash } from '@spillway/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig, type RunningServer, startServer } from '../src/index.js'
import { run } from './support/terminal.js'

const real = fileURLToPath(new URL('../../../test/fixtures/real', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-outside-'))

interface Expected {
  readonly name: string
  readonly format: 'delta' | 'iceberg'
  readonly count: number
  readonly rebase: readonly { readonly from: string; readonly to: string }[]
}

/** A table whose files lie in a second folder that its own rules do not mention. */
const tables = [
  ['delta', 'outside-clone'],
  ['delta', 'outside-clone-evolved'],
  ['iceberg', 'outside-data-path'],
  ['iceberg', 'outside-imported'],
].map(([format, name]) => {
  const root = `${real}/${format}/${name}`
  const expected = JSON.parse(readFileSync(`${root}/expect.json`, 'utf8')) as Expected
  const rebaseTo = (to: string) =>
    expected.rebase.filter(rule => rule.to === to).map(rule => ({ ...rule, to: `${root}/${to}/` }))
  const own = {
    name: name!.replaceAll('-', '_'),
    format: expected.format,
    location: `${root}/table`,
    rebase: rebaseTo('table'),
    history: true,
  }
  const listed = { ...own, rebase: [...own.rebase, ...rebaseTo('aux0')] }
  return { ...expected, own, listed, other: `/lake/${other(name!)}/` }
})

function other(name: string): string {
  if (name === 'outside-data-path') return 'outside-data-path-data'
  return name === 'outside-imported' ? 'outside-imported-landing' : `${name}-origin`
}

const LINE = /auxiliaryLocations: \[(?:file:\/\/)?(\/lake\/[^\]]*)\]/

async function batch(requests: readonly object[]) {
  const { stdout } = await run(['batch'], {
    stdin: requests.map(request => JSON.stringify(request)).join('\n'),
  })
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { ok: boolean; rows?: unknown; error?: { message: string } })
}

const request = ({ name: _, history: __, ...table }: (typeof tables)[number]['own']) => table

describe.each(tables.map(table => [table.name, table] as const))('%s', (_, table) => {
  const args = [
    '--format',
    table.format,
    ...table.own.rebase.flatMap(r => ['--rebase', `${r.from}=${r.to}`]),
  ]

  it('is read by batch once its other folder is named, and refused by rows and count before', async () => {
    const listed = request(table.listed)
    const own = request(table.own)
    const answers = await batch([
      { ...listed, op: 'count' },
      { ...own, op: 'count' },
      { ...own, op: 'rows' },
    ])
    expect(answers[0]).toMatchObject({ ok: true, rows: String(table.count) })
    for (const { ok, error } of answers.slice(1)) {
      expect(ok).toBe(false)
      expect(LINE.exec(error!.message)?.[1]?.startsWith(table.other)).toBe(true)
    }
  })

  it('query FOLDER refuses it before the first row, and exits as for what is not supported', async () => {
    const { status, stdout, stderr } = await run(['query', table.own.location, ...args, '--json'])
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(stderr.replace(/\s+/g, ' ')).toMatch(LINE)
  })

  it('query FOLDER looks for it where it is told to', async () => {
    const { stderr } = await run([
      ...['query', table.own.location, '--auxiliary-location', table.other],
      ...[...args, '--count'],
    ])
    expect(stderr).not.toMatch(/auxiliary/)
  })
})

const token = randomBytes(16).toString('hex')

describe('a server', () => {
  let server: RunningServer
  const log: { readonly error?: unknown }[] = []
  const config = {
    server: { port: 0 },
    shares: [
      {
        name: 'lake',
        schemas: [
          { name: 'own', tables: tables.map(({ own }) => own) },
          { name: 'listed', tables: tables.map(({ listed }) => listed) },
        ],
      },
    ],
    recipients: [
      { name: 'me', tokens: [{ sha256: tokenHash(token).toString('hex') }], shares: ['*'] },
    ],
  }
  const text = JSON.stringify(config)

  beforeAll(async () => {
    server = await startServer(parseConfig(text, { folder, path: 'x.yaml' }), {
      log: record => log.push(record),
    })
  })
  afterAll(async () => {
    await server.close(0)
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = (path: string, features: string, body?: object) =>
    fetch(`${server.endpoint}/shares/lake/schemas/${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'delta-sharing-capabilities': features,
      },
    })
  const DELTA = 'responseformat=delta;readerfeatures=deletionvectors,columnmapping'

  it.each(tables.map(({ own }) => [own.name]))(
    'refuses %s with 4xx, whole and paged',
    async name => {
      for (const body of [{}, { maxFiles: 1 }]) {
        log.length = 0
        const answer = await ask(`own/tables/${name}/query`, DELTA, body)
        const said = await answer.text()
        expect(answer.status).toBe(400)
        expect(said).toContain('auxiliaryLocations: […]')
        expect(said).not.toContain('/lake')
        const refused = log.findLast(({ error }) => error !== undefined)
        expect(refused?.error).toMatchObject({ message: expect.stringMatching(LINE) })
      }
      expect((await ask(`listed/tables/${name}/query`, DELTA, {})).status).toBe(200)
    },
  )

  it('refuses changes that lie outside as well', async () => {
    const path = 'tables/outside_data_path/changes?startingVersion=1'
    const answer = await ask(`own/${path}`, DELTA)
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('auxiliaryLocations: […]'),
    ])
  })

  it('doctor prints the line of each table', async () => {
    writeFileSync(join(folder, 'x.yaml'), text)
    const { status, stdout } = await run(['doctor', '--config', join(folder, 'x.yaml'), '--json'])
    expect(status).toBe(1)
    const { checks } = JSON.parse(stdout) as {
      readonly checks: readonly {
        readonly name: string
        readonly ok: boolean
        readonly detail: string
      }[]
    }
    for (const { own } of tables) {
      const refused = checks.find(({ name }) => name === `lake.own.${own.name}`)
      expect(refused).toMatchObject({ ok: false, detail: expect.stringMatching(LINE) })
      expect(checks.find(({ name }) => name === `lake.listed.${own.name}`)).toMatchObject({
        ok: true,
      })
    }
  })
})
