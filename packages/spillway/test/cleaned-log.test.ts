import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../src/configuration/config.js'
import { createSharingServer } from '../src/create-sharing-server.js'
import type { Runtime } from '../src/serve/runtime.js'

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures', import.meta.url))
const TOKEN = 'a-token-of-the-test-and-no-other'
const URL_ = 'https://share.example'

type Action = Readonly<Record<string, { readonly path: string }>>

let folder: string
let server: Runtime

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cleaned-'))
  cpSync(join(FIXTURES, 'delta/checkpoint-classic'), join(folder, 't'), { recursive: true })
  server = serve(0)
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

function serve(freshnessSeconds: number, more: object = {}): Runtime {
  const sha256 = createHash('sha256').update(TOKEN).digest('hex')
  const text = JSON.stringify({
    server: { freshnessSeconds },
    shares: [
      {
        name: 's',
        schemas: [{ name: 'd', tables: [{ name: 't', location: 't', history: true, ...more }] }],
      },
    ],
    recipients: [{ name: 'r', tokens: [{ sha256 }], shares: ['s'] }],
  })
  const config = parseConfig(text, { folder, path: join(folder, 'spillway.yaml') })
  return createSharingServer({ config, publicUrl: URL_ })
}

const logNames = () => readdirSync(join(folder, 't/_delta_log'))
const logFile = (name: string) => join(folder, 't/_delta_log', name)
const commitName = (version: number) => `${String(version).padStart(20, '0')}.json`

function actionsOf(version: number): readonly Action[] {
  const text = readFileSync(logFile(commitName(version)), 'utf8')
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Action)
}

/** The state of the last version, which commits 0 to that one have. */
function stateAt(version: number): readonly Action[] {
  const live = new Map<string, Action>()
  const head = new Map<string, Action>()
  for (let v = 0; v <= version; v++) {
    for (const action of actionsOf(v)) {
      if (action.add) live.set(action.add.path, action)
      if (action.remove) live.delete(action.remove.path)
      for (const kind of ['protocol', 'metaData']) if (action[kind]) head.set(kind, action)
    }
  }
  return [...head.values(), ...live.values()]
}

/** A checkpoint of the version, and nothing before it, as a writer cleans its log. */
function cleanUntil(version: number, state: readonly Action[]): void {
  const name = commitName(version).replace(
    '.json',
    '.checkpoint.00000000-0000-4000-8000-000000000001.json',
  )
  const lines = [{ checkpointMetadata: { version } }, ...state].map(each => JSON.stringify(each))
  writeFileSync(logFile(name), `${lines.join('\n')}\n`)
  for (const old of logNames()) {
    if (old === '_last_checkpoint' || Number(old.slice(0, 20)) < version) rmSync(logFile(old))
  }
}

async function ask(path: string, body?: unknown): Promise<{ status: number; lines: Action[] }> {
  const response = await server.fetch(
    new Request(`${URL_}/delta-sharing/shares/s/schemas/d/tables/t/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  )
  const text = (await response.text()).trim()
  return { status: response.status, lines: text.split('\n').map(line => JSON.parse(line)) }
}

const idsOf = (lines: readonly Action[]) =>
  lines.flatMap(({ file }) => (file ? [(file as unknown as { id: string }).id] : [])).sort()

const LATEST = 6

describe('after a log was cleaned, a running server', () => {
  it.each([
    ['whose files nobody has asked for', 'metadata', undefined],
    ['whose files are known', 'query', {}],
  ])('answers of a table %s as before, also after the next commit', async (_, path, body) => {
    const state = stateAt(LATEST)
    await ask(path, body)
    cleanUntil(LATEST, state)
    const { status, lines } = await ask('query', {})
    expect(status).toBe(200)
    expect(idsOf(lines)).toHaveLength(state.length - 2)
    const [add] = state.flatMap(({ add }) => (add ? [add] : []))
    writeFileSync(
      logFile(commitName(LATEST + 1)),
      `${JSON.stringify({ remove: { ...add, deletionTimestamp: 1 } })}\n`,
    )
    expect(idsOf((await ask('query', {})).lines)).toHaveLength(state.length - 3)
  })

  it('goes on from a state whose checkpoint is gone', async () => {
    const state = stateAt(LATEST)
    await ask('metadata')
    cleanUntil(LATEST, state)
    const [add] = state.flatMap(({ add }) => (add ? [add] : []))
    writeFileSync(
      logFile(commitName(LATEST + 1)),
      `${JSON.stringify({ remove: { ...add, deletionTimestamp: 1 } })}\n`,
    )
    const { status, lines } = await ask('query', {})
    expect([status, idsOf(lines).length]).toEqual([200, state.length - 3])
  })

  it('answers many at once, who all began before', async () => {
    const state = stateAt(LATEST)
    await server.close()
    server = serve(3600)
    await ask('metadata')
    cleanUntil(LATEST, state)
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('query', {})))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    for (const { lines } of answers) expect(idsOf(lines)).toHaveLength(state.length - 2)
  })

  it('gives the next page of the version that the first was of, and a clear 4xx once that cannot be had', async () => {
    const state = stateAt(LATEST)
    const all = idsOf((await ask('query', {})).lines)
    const first = (await ask('query', { maxFiles: 1 })).lines
    const tokenOf = (lines: readonly Action[]) =>
      (lines.at(-1)!.endStreamAction as unknown as { nextPageToken: string }).nextPageToken
    cleanUntil(LATEST, state)
    const second = await ask('query', { maxFiles: 1, pageToken: tokenOf(first) })
    expect(second.status).toBe(200)
    expect(new Set([...idsOf(first), ...idsOf(second.lines)]).size).toBe(2)
    expect(all).toEqual(expect.arrayContaining(idsOf(second.lines)))
    writeFileSync(logFile(commitName(LATEST + 1)), '{"commitInfo":{}}\n')
    cleanUntil(LATEST + 1, state)
    await server.close()
    server = serve(0)
    const last = await ask('query', { maxFiles: 1, pageToken: tokenOf(second.lines) })
    expect(last.status).toBeGreaterThanOrEqual(400)
    expect(last.status).toBeLessThan(500)
  })

  it('says at once, and from then on, that a table is corrupt whose checkpoint is gone for good', async () => {
    await ask('metadata')
    for (const name of logNames()) if (Number(name.slice(0, 20)) < LATEST) rmSync(logFile(name))
    for (let i = 0; i < 3; i++) expect((await ask('query', {})).status).toBe(400)
  })
})

it('finds the latest version of an Iceberg table whose snapshots have expired since it looked', async () => {
  rmSync(join(folder, 't'), { recursive: true })
  const name = 'pyiceberg-copy-on-write'
  cpSync(join(FIXTURES, 'iceberg', name), join(folder, 't'), { recursive: true })
  const metadata = join(folder, 't/metadata')
  const newest = readdirSync(metadata).find(each => each.startsWith('00004-'))!
  const text = readFileSync(join(metadata, newest))
  rmSync(join(metadata, newest))
  const from = `file:///tmp/spillway-golden-iceberg/pyiceberg/db/${name}`
  await server.close()
  server = serve(3600, { rebase: [{ from, to: '' }] })
  expect((await ask('metadata')).status).toBe(200)
  writeFileSync(join(metadata, newest), text)
  // All but what the newest snapshot is made of.
  for (const each of readdirSync(metadata)) {
    if (/avro$/.test(each) && !/^8057.*-m0|^snap-5862/.test(each)) rmSync(join(metadata, each))
  }
  const { status, lines } = await ask('query', {})
  expect([status, idsOf(lines).length]).toEqual([200, 1])
})
