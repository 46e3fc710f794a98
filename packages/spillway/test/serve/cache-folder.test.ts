import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/index.js'
import { createServerMetrics, type ServerMetrics } from '../../src/serve/metrics.js'
import { createRuntime, type Runtime } from '../../src/serve/runtime.js'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/delta', import.meta.url))
const parent = mkdtempSync(join(tmpdir(), 'spillway-cache-'))
afterAll(() => rmSync(parent, { recursive: true }))

const TOKEN = 'token-of-the-cache-test'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(parent, 'home-'))
})

/** A table with a checkpoint in the place of `t`, written anew. */
function put(fixture: string): void {
  rmSync(join(home, 't'), { recursive: true, force: true })
  cpSync(join(fixtures, fixture), join(home, 't'), { recursive: true })
}

function config(cache: string) {
  return parseConfig(
    `
cache: ${cache}
shares: [{ name: s, schemas: [{ name: m, tables: [{ name: t, location: t }] }] }]
recipients: [{ name: r, tokens: [{ sha256: ${createHash('sha256').update(TOKEN).digest('hex')} }], shares: [s] }]
`,
    { folder: home, path: 'x.yaml' },
  )
}

const errors: unknown[] = []

async function counts(metrics: ServerMetrics) {
  const { text } = await metrics.expose()
  const count = (event: string) => {
    const line = new RegExp(`spillway_engine_events_total\\{.*"spill\\.${event}".*\\} (\\d+)`)
    return Number(line.exec(text)?.[1] ?? 0)
  }
  const [hit, miss, dropped, written] = ['hit', 'miss', 'dropped', 'written'].map(count)
  return { hit, miss, dropped, written: written!, unwritten: miss! - written! }
}

async function served<T>(cache: string, action: (runtime: Runtime) => Promise<T>) {
  const metrics = createServerMetrics()
  const runtime = createRuntime(config(cache), {
    endpoint: { url: 'https://share.example/delta-sharing', path: '/delta-sharing' },
    secrets: ['a secret of sixteen characters'],
    metrics,
    onError: error => errors.push(error),
  })
  try {
    const answer = await action(runtime)
    // What was not there is written, while nobody waits for it.
    await expect.poll(async () => (await counts(metrics)).unwritten).toBe(0)
    return { answer, ...(await counts(metrics)) }
  } finally {
    await runtime.close()
  }
}

/** Names and statistics of the files that a hint leaves: URLs are signed anew each time. */
async function query(runtime: Runtime, hints: object = {}): Promise<readonly string[]> {
  const response = await runtime.fetch(
    new Request('https://share.example/delta-sharing/shares/s/schemas/m/tables/t/query', {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(hints),
    }),
  )
  const lines = (await response.text()).trim().split('\n')
  expect(response.status, lines[0]).toBe(200)
  return lines.slice(2).map(line => {
    const { file } = JSON.parse(line)
    return JSON.stringify([file.id, file.partitionValues, file.size, file.stats])
  })
}

const pruned = (runtime: Runtime) => query(runtime, { predicateHints: ['id > 3'] })

describe('a server with a cache folder', () => {
  it('begins where the one before ended', async () => {
    put('checkpoint-classic')
    const cache = '{ folder: cache }'
    const first = await served(cache, async runtime => [
      await query(runtime),
      await pruned(runtime),
    ])
    expect(first).toMatchObject({ hit: 0, dropped: 0 })
    expect(first.written).toBeGreaterThan(0)
    const next = await served(cache, async runtime => [await query(runtime), await pruned(runtime)])
    expect(next).toMatchObject({ hit: first.written, miss: 0, written: 0, answer: first.answer })
    expect(readdirSync(join(home, 'cache')).length).toBe(first.written)
    expect(errors).toEqual([])
  })

  it('reads a table anew that was replaced while none was there', async () => {
    put('checkpoint-classic')
    const cache = '{ folder: cache }'
    await served(cache, query)
    put('checkpoint-multipart')
    const { answer: plain } = await served('{}', query)
    const { answer, hit } = await served(cache, query)
    expect(answer).toEqual(plain)
    expect(hit).toBe(0)
  })

  it('reads it anew where the same files were written once more', async () => {
    put('checkpoint-classic')
    const cache = '{ folder: cache }'
    const first = await served(cache, query)
    put('checkpoint-classic')
    const next = await served(cache, query)
    expect(next).toMatchObject({ hit: 0, answer: first.answer })
  })

  it('keeps nothing without one', async () => {
    put('checkpoint-classic')
    expect(await served('{ megabytes: 10 }', query)).toMatchObject({ hit: 0, miss: 0, written: 0 })
    expect(readdirSync(home)).toEqual(['t'])
  })

  it('does not start with one that others may look into', () => {
    put('checkpoint-classic')
    mkdirSync(join(home, 'cache'), { mode: 0o755 })
    return expect(served('{ folder: cache }', query)).rejects.toThrow(/it has mode 755/)
  })

  it.each(['t', 't/cache', '.', 't/_delta_log/../cache'])(
    'is not configured within what is shared, nor around it: %s',
    folder => {
      put('checkpoint-classic')
      expect(() => config(`{ folder: '${folder}' }`)).toThrow(
        /expected a folder outside of all that is shared/,
      )
    },
  )
})
