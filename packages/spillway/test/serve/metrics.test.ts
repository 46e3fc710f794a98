import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/index.js'
import { type RunningServer, startServer } from '../../src/serve/start-server.js'

const TOKEN = 'token-of-the-recipient'
const folder = mkdtempSync(join(tmpdir(), 'spillway-metrics-'))

/** Three days of one file each. */
function writeTable(): void {
  const log = join(folder, 'orders/_delta_log')
  mkdirSync(log, { recursive: true })
  const fields = ['id', 'day'].map(name => ({
    name,
    type: name === 'id' ? 'long' : 'date',
    nullable: true,
    metadata: {},
  }))
  const metaData = {
    id: 'c0ffee00-0000-4000-8000-00000000000e',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify({ type: 'struct', fields }),
    partitionColumns: ['day'],
    configuration: {},
  }
  const adds = [1, 2, 3].map(day => ({
    add: {
      path: `day=${day}/a.parquet`,
      partitionValues: { day: `2026-01-0${day}` },
      size: 4,
      modificationTime: 0,
      dataChange: true,
    },
  }))
  const lines = [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }, { metaData }, ...adds]
  const text = lines.map(line => `${JSON.stringify(line)}\n`).join('')
  writeFileSync(join(log, `${'0'.repeat(20)}.json`), text)
}

const config = (server: string) => `
server: { port: 0, ${server} }
shares: [{ name: lake, schemas: [{ name: sales, tables: [{ name: orders, location: orders }] }] }]
recipients:
  - { name: partner, shares: [lake], tokens: [{ sha256: ${createHash('sha256').update(TOKEN).digest('hex')} }] }
`
const parse = (text: string) => parseConfig(text, { folder, path: 'spillway.yaml' })

let server: RunningServer
beforeAll(async () => {
  writeTable()
  server = await startServer(parse(config('admin: { port: 0 }')))
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${server.endpoint}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) },
  })

/** Samples by their name and labels. */
async function samples(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${server.adminUrl}/metrics`)).text()
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))] as const
    }),
  )
}

const QUERY = '/shares/:share/schemas/:schema/tables/:table/query'

describe('the metrics', () => {
  it('count requests, files kept of how many, and what became of hints', async () => {
    const query = '/shares/lake/schemas/sales/tables/orders/query'
    const body = JSON.stringify({ predicateHints: ["day = '2026-01-02'", 'f(id) = 1'] })
    await (await ask(query, { method: 'POST', body })).text()
    await ask('/shares', { headers: { authorization: 'Bearer wrong' } })
    const ended = `spillway_requests_total{route="${QUERY}",status="200",outcome="complete"}`
    await expect.poll(async () => (await samples()).get(ended)).toBe(1)
    expect(Object.fromEntries(await samples())).toMatchObject({
      spillway_requests_under_way: 0,
      'spillway_requests_total{route="/shares",status="401",outcome="failed"}': 1,
      'spillway_files_kept_total{format="parquet"}': 1,
      'spillway_files_total{format="parquet"}': 3,
      'spillway_hint_conditions_total{use="used"}': 1,
      'spillway_hint_conditions_total{use="unused"}': 1,
      'spillway_engine_events_total{event="files.signed",format=""}': 1,
      [`spillway_first_byte_seconds_count{route="${QUERY}"}`]: 1,
    })
  })

  it('say how the process does', async () => {
    const found = await samples()
    expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(found.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
  })

  it('name no recipient, no table and no token', async () => {
    const text = await (await fetch(`${server.adminUrl}/metrics`)).text()
    expect(text).not.toMatch(/partner|orders|token-of/)
  })

  it('are not where recipients reach the server', async () => {
    const response = await fetch(`${server.url}/metrics`)
    expect(response.status).not.toBe(200)
    expect(await response.text()).not.toContain('spillway_')
  })
})

describe('the admin address', () => {
  it('says that the server is up, and nothing else', async () => {
    expect(await (await fetch(`${server.adminUrl}/healthz`)).text()).toBe('ok\n')
    expect((await fetch(`${server.adminUrl}/shares`)).status).toBe(404)
    expect((await fetch(`${server.adminUrl}/metrics`, { method: 'POST' })).status).toBe(405)
  })

  it('is none unless the configuration names one', async () => {
    const plain = await startServer(parse(config('')))
    expect(plain.adminUrl).toBeUndefined()
    await plain.close()
  })

  it('changes only with a restart', () => {
    expect(() => server.reload(parse(config('admin: { port: 1 }')))).toThrow(
      /server.admin changes only with a restart/,
    )
  })

  it('that is taken lets no half of a server start', async () => {
    const port = Number(new URL(server.adminUrl!).port)
    await expect(startServer(parse(config(`admin: { port: ${port} }`)))).rejects.toThrow(
      /the port is in use/,
    )
  })
})
