import { DuckDBInstance } from '@duckdb/node-api'
import { nodeFetchFiles } from '@spillway/client/node'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, type AttachOptions, attachShare } from '../src/index.js'
import { inRounds, type Rounds } from './support/rounds.js'
import {
  type ServedData,
  type ShareServer,
  type ShareServerOptions,
  shareServer,
} from './support/share-server.js'
import { parquetOf, SCHEMA, sharedTable } from './support/share-table.js'

const FILES = 12
// One row group a file, whose texts are too long to be read along.
const ROWS = 2000
let files: readonly ServedData[]
let server: ShareServer
let share: AttachedShare | undefined

beforeAll(async () => {
  files = await sharedTable(FILES, ROWS)
})
afterEach(async () => {
  await share?.close()
  share = undefined
  await server.close()
})

async function attach(
  sizes: readonly number[],
  own: Partial<ShareServerOptions> = {},
  options: AttachOptions = {},
): Promise<Rounds> {
  server = await shareServer({ files, schemaString: SCHEMA, partitionColumns: ['day'], ...own })
  const rounds = inRounds(sizes)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  share = await attachShare(connection, server.profile, { fetch: rounds.fetch, ...options })
  return rounds
}

async function rowsOf(sql: string): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const block of (await share!.query(sql)).rawRows()) rows.push(...block)
  return rows
}

/** Footers are not kept, so that each query reads them. */
const UNTAGGED = { tagOf: () => undefined }

const SUM = 'SELECT sum(id)::BIGINT FROM share.main.t'
const SUMMED = [[(BigInt(FILES * ROWS) * BigInt(FILES * ROWS - 1)) / 2n]]

describe('a query of twelve files', () => {
  it('is four rounds behind the list of shares: metadata, files, footers, chunks', async () => {
    const rounds = await attach([1, 1, 1, FILES, FILES])
    expect(await rowsOf(SUM)).toEqual(SUMMED)
    expect(rounds.asked.map(round => round.length)).toEqual([1, 1, 1, FILES, FILES])
    expect(rounds.asked.slice(0, 3)).toEqual([
      ['GET /shares'],
      ['GET /shares/share/schemas/main/tables/t/metadata'],
      ['POST /shares/share/schemas/main/tables/t/query'],
    ])
  })

  it('asks for 8 KiB of each file first, then as much as the footers of the table have', async () => {
    const rounds = await attach([1, 1, 1, FILES, FILES, 1, FILES, FILES], UNTAGGED)
    for (let query = 0; query < 2; query++) expect(await rowsOf(SUM)).toEqual(SUMMED)
    const tails = (round: number) => rounds.asked[round]!.map(each => tailBytes(each))
    expect(new Set(tails(3))).toEqual(new Set([8 * 1024]))
    const [longest] = files.map(({ bytes }) => footerBytes(bytes)).sort((a, b) => b - a)
    expect(Math.min(...tails(6))).toBeGreaterThanOrEqual(longest!)
    expect(Math.max(...tails(6))).toBeLessThan(8 * 1024)
  })
})

it('asks twice for footers that are longer, and of the next query once', async () => {
  // Sixty row groups of three columns.
  const long = await sharedTable(2, 60 * 2048)
  expect(Math.min(...long.map(({ bytes }) => footerBytes(bytes)))).toBeGreaterThan(8 * 1024)
  const rounds = await attach([1, 1, 1, 2, 2, 1, 2], { files: long, ...UNTAGGED })
  const COUNT = 'SELECT count(*) FROM share.main.t'
  for (let query = 0; query < 2; query++) expect(await rowsOf(COUNT)).toEqual([[122_880n * 2n]])
  expect(rounds.asked.map(round => round.length)).toEqual([1, 1, 1, 2, 2, 1, 2])
})

it('asks for the end of a wide table by its columns', async () => {
  const names = Array.from({ length: 60 }, (_, i) => `column_${i}`)
  const wide = await parquetOf(
    `SELECT range AS first, ${names.map(name => `md5((range + ${name.length})::VARCHAR) AS ${name}`).join(', ')} FROM range(500)`,
  )
  expect(footerBytes(wide)).toBeGreaterThan(8 * 1024)
  const field = (name: string) => ({ name, type: 'string', nullable: true, metadata: {} })
  const fields = [{ ...field('first'), type: 'long' }, ...names.map(field)]
  const schemaString = JSON.stringify({ type: 'struct', fields })
  const own = { files: [{ bytes: wide }], schemaString, partitionColumns: [] }
  const rounds = await attach([1, 1, 1, 1], own)
  expect(await rowsOf('SELECT count(*) FROM share.main.t')).toEqual([[500n]])
  expect(rounds.asked.map(round => round.length)).toEqual([1, 1, 1, 1])
})

it('asks for a small file once, and for its end alone where no column is read', async () => {
  const small = await sharedTable(3, 500)
  expect(Math.min(...small.map(({ bytes }) => bytes.length))).toBeGreaterThan(16 * 1024)
  const rounds = await attach([1, 1, 1, 3, 1, 3], { files: small, ...UNTAGGED })
  expect(await rowsOf('SELECT max(amount) FROM share.main.t')).toEqual([[749.5]])
  expect(await rowsOf('SELECT count(*) FROM share.main.t')).toEqual([[1500n]])
  const tails = (round: number) =>
    rounds.asked[round]!.map(each => small[fileOf(each)]!.bytes.length - startOf(each)).sort()
  expect(tails(3)).toEqual(small.map(({ bytes }) => bytes.length).sort())
  expect(Math.max(...tails(5))).toBeLessThan(8 * 1024)
})

it('reads near ranges of a file in one request, far ones apart', async () => {
  // Two row groups: the ids of the second lie 80 kB behind those of the first.
  const two = await sharedTable(1, 3000)
  const rounds = await attach([1, 1, 1, 1, 1, 1, 1, 2], { files: two })
  await rowsOf('SELECT max(id), max(name), max(amount) FROM share.main.t')
  await rowsOf('SELECT max(id) FROM share.main.t')
  expect(rounds.asked.map(round => round.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 2])
})

it('gets files by fetchFiles, and everything else by fetch', async () => {
  const [all, data] = [inRounds([]), [] as string[]]
  const getFiles = nodeFetchFiles()
  const fetchFiles: typeof getFiles = (url, request) => {
    data.push(new URL(url).pathname)
    return getFiles(url, request)
  }
  await attach([], {}, { fetch: all.fetch, fetchFiles })
  for (let query = 0; query < 2; query++) expect(await rowsOf(SUM)).toEqual(SUMMED)
  expect(all.asked.flat().filter(each => each.includes('/data/'))).toEqual([])
  expect(new Set(data).size).toBe(FILES)
  expect(data.length).toBe(3 * FILES)
  // Those of the files, and one for the questions.
  expect(server.connections()).toBe(FILES + 1)
})

it('keeps its connections from round to round, and from query to query', async () => {
  await attach([1, 1, 1, FILES, FILES, 1, FILES, FILES])
  for (let query = 0; query < 2; query++) expect(await rowsOf(SUM)).toEqual(SUMMED)
  expect(server.connections()).toBe(FILES)
})

/** From the first byte that a request for data asks for to the end of the file. */
function tailBytes(request: string): number {
  return files[fileOf(request)]!.bytes.length - startOf(request)
}

function fileOf(request: string): number {
  return Number(/\/data\/(\d+)/.exec(request)![1])
}

function startOf(request: string): number {
  return Number(/ bytes=(\d+)-/.exec(request)![1])
}

function footerBytes(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8).getUint32(0, true) + 8
}
