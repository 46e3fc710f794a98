import { crc32 } from '@spillway/core'
import { parseSqlPredicate } from '@spillway/protocol'
import { type MemoryStore, memoryStore } from '@spillway/storage'
import { deltaAdd, deltaCdc, deltaRemove, deltaTable, quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { vectorBytes } from '../../encoding/src/index.js'
import type { SharingServer } from '../src/index.js'
import { datedStore, LOCATION, serve } from './support/limited-server.js'
import { TOKEN } from './support/serve.js'

interface File {
  readonly path: string
  readonly region: string | null
  readonly day: number | null
  readonly from: number
}

interface Commit {
  readonly added: readonly File[]
  /** Positions among the files that live by then. */
  readonly removed: readonly number[]
}

async function writeTable(
  store: MemoryStore,
  commits: readonly Commit[],
  isGranted: (file: File) => boolean,
): Promise<void> {
  const table = deltaTable(store, LOCATION)
  await table.create({
    fields: [
      { name: 'id', type: 'long' },
      { name: 'region', type: 'string' },
      { name: 'day', type: 'integer' },
    ],
    partitionColumns: ['region', 'day'],
    configuration: { 'delta.enableChangeDataFeed': 'true' },
  })
  const live: File[] = []
  for (const { added, removed } of commits) {
    const gone = [...new Set(removed.map(at => live[at]))].filter(file => file !== undefined)
    for (const file of gone) live.splice(live.indexOf(file), 1)
    live.push(...added)
    const kept = (files: readonly File[]) => files.filter(isGranted)
    await table.commit(
      { commitInfo: { timestamp: 1 } },
      ...kept(gone).map(file => deltaRemove(file.path, optionsOf(file))),
      ...kept(added).map(file => deltaAdd(file.path, optionsOf(file))),
      ...kept(added).map(file => deltaCdc(`_change_data/${file.path}`, optionsOf(file))),
    )
  }
}

function optionsOf({ region, day, from }: File) {
  const bounds = { minValues: { id: from }, maxValues: { id: from + 10 }, nullCount: { id: 0 } }
  return {
    partitionValues: { region, day: day === null ? null : String(day) },
    stats: { numRecords: 10, ...bounds },
    size: 100 + from,
  }
}

interface Asked {
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly format: string
}

interface Told {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly lines: readonly string[]
  readonly next: string | undefined
}

async function ask(server: SharingServer, { path, body, format }: Asked): Promise<Told> {
  const response = await server.fetch(
    new Request(`http://x/delta-sharing/shares/s/schemas/x/tables/t${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'delta-sharing-capabilities': format },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  const token = /"(?:nextPageToken|refreshToken)":"([^"]+)"/g
  const next = /"nextPageToken":"([^"]+)"/.exec(text)?.[1]
  return {
    status: response.status,
    headers: [...response.headers].filter(([name]) => name !== 'x-request-id'),
    // A token is compared by its length; how large a whole table is, is told of whole tables alone.
    lines: text
      .replaceAll(token, (_, sealed: string) => `"token":${sealed.length}`)
      .split('\n')
      .map(line => (/"metaData"/.test(line) ? withoutSize(line) : line)),
    next,
  }
}

function withoutSize(line: string): string {
  const { metaData } = JSON.parse(line)
  const { size: _, numFiles: __, ...rest } = metaData
  const { size: ___, numFiles: ____, ...delta } = rest.deltaMetadata ?? {}
  return JSON.stringify({ ...rest, delta })
}

/** Every page of an answer. */
async function walk(server: SharingServer, asked: Asked): Promise<readonly Omit<Told, 'next'>[]> {
  const pages: Omit<Told, 'next'>[] = []
  let pageToken: string | undefined
  do {
    const { body, path } = asked
    const page = await ask(server, {
      ...asked,
      ...(body && { body: { ...body, pageToken } }),
      ...(body === undefined && pageToken && { path: `${path}&pageToken=${pageToken}` }),
    })
    const { next, ...told } = page
    pages.push(told)
    pageToken = next
  } while (pageToken !== undefined && pages.length < 50)
  return pages
}

const REGIONS = ['eu', 'us', "o'x", '', null]
const GRANTS: readonly (readonly [string, (file: File) => boolean])[] = [
  ["region = 'eu'", ({ region }) => region === 'eu'],
  ["region <> 'us'", ({ region }) => region !== null && region !== '' && region !== 'us'],
  ["NOT (region = 'eu')", ({ region }) => region !== null && region !== '' && region !== 'eu'],
  ['day >= 2', ({ day }) => day !== null && day >= 2],
  [
    "region IN ('eu', 'us') AND day < 3",
    ({ region, day }) => /^(eu|us)$/.test(region ?? '') && day !== null && day < 3,
  ],
  ["day = 1 OR region = 'us'", ({ region, day }) => day === 1 || region === 'us'],
  ['region IS NULL', ({ region }) => region === null],
  ['day = 99', () => false],
]

const file = fc.record({
  region: fc.constantFrom(...REGIONS),
  day: fc.constantFrom(1, 2, 3, 4, null),
  from: fc.nat(200),
})
const commit = fc.record({
  added: fc.array(file, { maxLength: 12 }),
  removed: fc.array(fc.nat(30), { maxLength: 3 }),
})
const hint = fc.constantFrom(
  "region = 'eu'",
  "region = 'us'",
  'day = 2',
  'day > 1',
  'id > 100',
  'id <= 20',
  'region IS NULL',
  'id = 5 OR day = 3',
)
const question = fc.record({
  hints: fc.array(hint, { maxLength: 2 }),
  maxFiles: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  limitHint: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  refresh: fc.boolean(),
  format: fc.constantFrom(
    'responseformat=parquet',
    'responseformat=delta',
    'responseformat=delta;includeendstreamaction=true',
  ),
})

it('a table shared in part answers as one that holds the granted files alone, page by page and byte by byte', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(commit, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...GRANTS),
      fc.array(question, { minLength: 1, maxLength: 3 }),
      async (given, [partitions, isGranted], questions) => {
        let made = 0
        const commits = given.map(({ added, removed }) => ({
          removed,
          added: added.map(one => ({
            ...one,
            path: `region=${one.region}/day=${one.day}/${made++}`,
          })),
        }))
        const whole = datedStore()
        const part = datedStore()
        await writeTable(whole, commits, () => true)
        await writeTable(part, commits, isGranted)
        const limited = serve(whole, partitions)
        const other = serve(part)
        for (const { hints, maxFiles, limitHint, refresh, format } of questions) {
          const body = { predicateHints: hints, maxFiles, limitHint, includeRefreshToken: refresh }
          const range = { startingVersion: 0, maxFiles }
          const paged = maxFiles === undefined ? '' : `&maxFiles=${maxFiles}`
          const asked: readonly Asked[] = [
            { path: '/query', body, format },
            { path: '/query', body: range, format },
            { path: '/metadata', format },
            { path: '/version', format },
            { path: `/changes?startingVersion=0${paged}`, format },
            { path: '/query', body: { version: 1 }, format },
          ]
          for (const each of asked) {
            const found = await walk(limited, each)
            compared += found.length
            expect(found).toEqual(await walk(other, each))
          }
        }
      },
    ),
    { numRuns: quickOr(10, 40), seed: 20261129 },
  )
  expect(compared).toBeGreaterThan(quickOr(60, 300))
}, 120_000)

it('every grant of these is understood', () => {
  for (const [partitions] of GRANTS) expect(parseSqlPredicate(partitions).unapplied).toEqual([])
})

/** A vector file as Delta writes it: the vectors of several data files, one behind the other. */
const VECTORS = [vectorBytes([0, 5, 9]), vectorBytes([1, 2, 70_000])] as const

async function withVectors(length = 60): Promise<MemoryStore> {
  const store = memoryStore()
  const table = deltaTable(store, LOCATION)
  // Readers stop where the bitmap ends, whatever is behind it.
  const bitmaps = VECTORS.map(each => Buffer.concat([each, Buffer.alloc(length)], length))
  const framed = bitmaps.map(each => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(each.length)
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(each))
    return Buffer.concat([head, each, checksum])
  })
  await store.put(`${LOCATION}/v.bin`, Buffer.concat([Buffer.of(1), ...framed]))
  const vector = (offset: number) => ({
    storageType: 'p',
    pathOrInlineDv: `${LOCATION}/v.bin`,
    offset,
    sizeInBytes: length,
    cardinality: 3,
  })
  await table.create({
    fields: [
      { name: 'id', type: 'long' },
      { name: 'region', type: 'string' },
    ],
    partitionColumns: ['region'],
    readerFeatures: ['deletionVectors'],
    configuration: { 'delta.enableChangeDataFeed': 'true' },
  })
  const at = (region: string, offset: number) => ({
    partitionValues: { region },
    stats: { numRecords: 100_000 },
    deletionVector: vector(offset),
  })
  await table.commit(deltaAdd('eu/1', at('eu', 1)), deltaAdd('us/1', at('us', 1 + 8 + length)))
  return store
}

const ASKS = 'responseformat=delta;readerfeatures=deletionvectors'

it('a vector travels inside the line where its file holds those of withheld files', async () => {
  const limited = serve(await withVectors(), "region = 'eu'")
  const { lines } = await ask(limited, { path: '/query', body: {}, format: ASKS })
  const found = lines.filter(line => line.includes('deletionVector":{'))
  expect(found).toHaveLength(1)
  expect(found[0]).toContain('"storageType":"i"')
  expect(found[0]).not.toContain('v.bin')
  const whole = await ask(serve(await withVectors()), { path: '/query', body: {}, format: ASKS })
  expect(whole.lines.join().match(/"storageType":"p"/g)).toHaveLength(2)
})

it('a vector that is too long for a line is refused before the first, where nothing can write it a file', async () => {
  const limited = serve(await withVectors(60_000), "region = 'eu'")
  const answer = await ask(limited, { path: '/query', body: {}, format: ASKS })
  expect(answer.status).toBe(400)
  expect(answer.lines[0]).toMatch(/UNSUPPORTED_FEATURE.*staging/)
})

it.each(['/changes?startingVersion=1', '/query'])(
  'changes with packed vectors are refused: %s',
  async path => {
    const limited = serve(await withVectors(), "region = 'eu'")
    const body = path === '/query' ? { body: { startingVersion: 1 } } : {}
    const answer = await ask(limited, { path, ...body, format: ASKS })
    expect(answer.status).toBe(400)
    expect(answer.lines[0]).toMatch(/UNSUPPORTED_FEATURE.*staging/)
  },
)

it('a vector that says something else than its metadata is refused where the server holds it', async () => {
  const store = await withVectors()
  const path = `${LOCATION}/v.bin`
  const bytes = Buffer.from((await store.get(path))!.bytes)
  // The first one, one position fewer: its length and its checksum are right.
  vectorBytes([5, 9]).forEach((byte, i) => {
    bytes[5 + i] = byte
  })
  bytes.writeUInt32BE(crc32(bytes.subarray(5, 65)), 65)
  await store.put(path, bytes)
  const limited = serve(store, "region = 'eu'")
  const answer = await ask(limited, { path: '/query', body: {}, format: ASKS })
  expect(answer.status).toBe(400)
  expect(answer.lines[0]).toMatch(/TABLE_CORRUPT.*says 3 rows are deleted, its bitmap 2/)
})
