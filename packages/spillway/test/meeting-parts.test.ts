import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../src/configuration/config.js'
import { createSharingServer } from '../src/create-sharing-server.js'
import type { Runtime } from '../src/serve/runtime.js'

const GOLDEN = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))
const TOKEN = 'a-token-of-the-test-and-no-other'
const PUBLIC = 'https://share.example'
const [OLD, NEW] = ['the-older-secret-of-two', 'the-newer-secret-of-two']

let folder: string
const running: Runtime[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meeting-'))
  mkdirSync(join(folder, 'really'))
  for (const name of ['mapping-name', 'dv-delete', 'partitioned-strings', 'dv-partitioned']) {
    cpSync(join(GOLDEN, name), join(folder, 'really', name), { recursive: true })
  }
  symlinkSync('really', join(folder, 'linked'))
})
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

function serve(
  table: { name: string; location: string; partitions?: string },
  server = {},
): Runtime {
  const sha256 = createHash('sha256').update(TOKEN).digest('hex')
  const text = JSON.stringify({
    server: { secret: OLD, ...server },
    staging: { location: 'staged' },
    shares: [{ name: 's', schemas: [{ name: 'd', tables: [{ history: true, ...table }] }] }],
    recipients: [{ name: 'r', tokens: [{ sha256 }], shares: ['s'] }],
  })
  const config = parseConfig(text, { folder, path: join(folder, 'spillway.yaml') })
  const made = createSharingServer({ config, publicUrl: PUBLIC })
  running.push(made)
  return made
}

type Line = Readonly<Record<string, Readonly<Record<string, never>>>>

async function ask(
  server: Runtime,
  table: string,
  body: object,
  capabilities = 'responseformat=parquet',
) {
  const response = await server.fetch(
    new Request(`${PUBLIC}/delta-sharing/shares/s/schemas/d/tables/${table}/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'delta-sharing-capabilities': capabilities },
      body: JSON.stringify(body),
    }),
  )
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return text
}

const urlsOf = (text: string) =>
  [...text.matchAll(/"(?:url|path)":"(https:[^"]+)"/g)].map(([, url]) => JSON.parse(`"${url}"`))

async function isParquet(server: Runtime, url: string): Promise<boolean> {
  const response = await server.fetch(new Request(url))
  const bytes = Buffer.from(await response.arrayBuffer())
  return response.status === 200 && bytes.subarray(-4).toString() === 'PAR1'
}

const PLACES = ['really', 'linked']
const TABLES = ['mapping-name', 'dv-delete', 'partitioned-strings']
const CLIENTS = [
  'responseformat=parquet',
  'responseformat=delta;readerfeatures=deletionvectors,columnmapping',
]

describe.skipIf(process.platform === 'win32')('a table, however its folder is reached', () => {
  it.each(
    PLACES.flatMap(place =>
      TABLES.flatMap(name => CLIENTS.map(client => ({ place, name, client }))),
    ),
  )(
    '$place/$name for $client: every URL is the file, also once the secret is replaced',
    async ({ place, name, client }) => {
      const table = { name, location: `${place}/${name}` }
      const urls = urlsOf(await ask(serve(table), name, {}, client))
      expect(urls.length).toBeGreaterThan(0)
      const later = serve(table, { secret: undefined, secrets: [NEW, OLD] })
      const gone = serve(table, { secret: NEW })
      for (const url of urls.filter(each => !each.includes('.bin'))) {
        expect(await isParquet(later, url)).toBe(true)
        expect((await gone.fetch(new Request(url))).status).toBe(403)
      }
    },
  )

  it.each(PLACES)(
    '%s: pages of a limited share go on over a replaced secret, and give the granted files alone',
    async place => {
      const name = 'dv-partitioned'
      const whole = serve({ name, location: `${place}/${name}` })
      const lines: Line[] = (await ask(whole, name, {}))
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      const values = lines.flatMap(({ file }) =>
        file ? [Object.entries(file.partitionValues!)[0] as [string, string]] : [],
      )
      const [column, value] = values[0]!
      const partitions = `${column} = '${value}'`
      const granted = values.filter(([, each]) => each === value).length
      const limited = { name, location: `${place}/${name}`, partitions }
      const found: string[] = []
      let token: string | undefined
      for (let page = 0; page === 0 || token !== undefined; page++) {
        const server = serve(
          limited,
          page % 2 === 0 ? {} : { secret: undefined, secrets: [NEW, OLD] },
        )
        const text = await ask(server, name, { maxFiles: 1, ...(token && { pageToken: token }) })
        for (const url of urlsOf(text)) {
          expect(await isParquet(server, url)).toBe(true)
          found.push(url.split('?')[0]!)
        }
        token = /"nextPageToken":"([^"]+)"/.exec(text)?.[1]
        // A token of the newer secret is nothing to the older server.
        if (page % 2 === 1) break
      }
      expect(new Set(found).size).toBe(Math.min(granted, 2))
    },
  )
})
