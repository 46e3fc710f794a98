import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { KnownFooters } from '../src/fetch/known-footers.js'
import { type AttachedShare, type AttachOptions, attachShare } from '../src/index.js'
import type { SharedFile } from '../src/share/open-scan.js'
import { inRounds } from './support/rounds.js'
import {
  type DataExchange,
  type ServedData,
  type ShareServer,
  type ShareServerOptions,
  shareServer,
} from './support/share-server.js'
import { parquetOf } from './support/share-table.js'

const FILES = 3
const ROWS = 2000
/** The same files twice: of one size, rows and layout of another kind. */
let before: readonly ServedData[]
let after: readonly ServedData[]
let server: ShareServer
let share: AttachedShare
let rounds: ReturnType<typeof inRounds>
/** What is served now. */
let files: ServedData[]

const schemaString = JSON.stringify({
  type: 'struct',
  fields: ['id', 'other'].map(name => ({ name, type: 'long', nullable: true, metadata: {} })),
})

beforeAll(async () => {
  const written = async (columns: (row: string) => string) => {
    const all: ServedData[] = []
    for (let file = 0; file < FILES; file++) {
      // Wide texts between make of the two columns' chunks two requests.
      const rows = `range(${file * ROWS}, ${(file + 1) * ROWS})`
      all.push({ bytes: await parquetOf(`SELECT ${columns('range')} FROM ${rows}`, OPTIONS) })
    }
    return all
  }
  const text = 'repeat(md5(range::VARCHAR), 2) AS text'
  before = await written(row => `${row} AS id, ${text}, ${row} + 1000000 AS other`)
  after = await written(row => `${row} + 1000000 AS other, ${text}, ${row} + 5000000 AS id`)
  expect(after.map(({ bytes }) => bytes.length)).toEqual(before.map(({ bytes }) => bytes.length))
})
afterEach(async () => {
  await share?.close()
  await server?.close()
})

/** Nothing is packed, so that other numbers take as many bytes. */
const OPTIONS = 'COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE 10000'

async function attach(
  options: Partial<ShareServerOptions> = {},
  sizes: readonly number[] = [],
  own: AttachOptions = {},
) {
  files = [...before]
  const tagOf = (file: number) => `"${files[file] === before[file] ? 'before' : 'after'}-${file}"`
  server = await shareServer({ schemaString, tagOf, ...options, files })
  rounds = sizes.length === 0 ? { fetch: globalThis.fetch, asked: [] } : inRounds(sizes)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const { fetch } = rounds
  share = await attachShare(connection, server.profile, { fetch, timeoutMs: 3000, ...own })
}

function replaceAll(): void {
  for (const i of files.keys()) files[i] = after[i]!
}

async function one(sql: string): Promise<unknown> {
  const [row] = await (await share.query(sql)).all()
  return Object.values(row!)[0]
}

const SUM = 'SELECT sum(id)::BIGINT FROM share.main.t'
const COUNT_NEW = 'SELECT count(*) FROM share.main.t WHERE id >= 5000000'
const ALL = BigInt(FILES * ROWS)
const SUM_BEFORE = (ALL * (ALL - 1n)) / 2n
const SUM_AFTER = SUM_BEFORE + ALL * 5_000_000n

describe('footers of an earlier query', () => {
  it('are not asked for again', async () => {
    await attach({}, [1, 1, 1, FILES, FILES, 1, FILES, 1, FILES])
    for (let query = 0; query < 3; query++) expect(await one(SUM)).toBe(SUM_BEFORE)
    const sizes = rounds.asked.map(round => round.length)
    expect(sizes).toEqual([1, 1, 1, FILES, FILES, 1, FILES, 1, FILES])
  })

  it('are checked where no chunk follows, by a byte of each file', async () => {
    await attach({}, [1, 1, 1, FILES, 1, FILES])
    for (let query = 0; query < 2; query++) {
      expect(await one('SELECT count(*) FROM share.main.t')).toBe(ALL)
    }
    const bytes = rounds.asked[5]!.map(each => {
      const [start, end] = /bytes=(\d+)-(\d+)/.exec(each)!.slice(1).map(Number)
      return end! - start! + 1
    })
    expect(bytes).toEqual([1, 1, 1])
  })

  it.each([true, false])(
    'are not those of files that were replaced (If-Match heeded: %s)',
    async heedsConditions => {
      await attach({ heedsConditions })
      expect(await one(SUM)).toBe(SUM_BEFORE)
      replaceAll()
      expect(await one(SUM)).toBe(SUM_AFTER)
      const { requests } = server.sent
      expect(await one(SUM)).toBe(SUM_AFTER)
      expect(server.sent.requests - requests).toBe(FILES)
    },
  )

  it.each([true, false])(
    'rule out no row group of a replaced file (If-Match heeded: %s)',
    async heedsConditions => {
      await attach({ heedsConditions })
      expect(await one(COUNT_NEW)).toBe(0n)
      replaceAll()
      expect(await one(COUNT_NEW)).toBe(ALL)
      files[1] = before[1]!
      expect(await one(COUNT_NEW)).toBe(ALL - BigInt(ROWS))
    },
  )

  it('are not kept of files without a strong tag', async () => {
    for (const tag of [undefined, 'W/"weak"']) {
      await attach({ tagOf: () => tag }, [1, 1, 1, FILES, FILES, 1, FILES, FILES])
      expect(await one(SUM)).toBe(SUM_BEFORE)
      replaceAll()
      expect(await one(SUM)).toBe(SUM_AFTER)
      expect(rounds.asked.map(round => round.length)).toEqual([
        1,
        1,
        1,
        FILES,
        FILES,
        1,
        FILES,
        FILES,
      ])
      await share.close()
      await server.close()
    }
  })

  it('are given up for a store that does not find its files by their tags', async () => {
    const conditions: (string | undefined)[] = []
    const refuse = ({ request, response }: DataExchange) => {
      conditions.push(request.headers['if-match'])
      if (request.headers['if-match'] === undefined) return false
      response.writeHead(412).end()
      return true
    }
    await attach({ onData: refuse })
    for (let query = 0; query < 4; query++) expect(await one(SUM)).toBe(SUM_BEFORE)
    // Of the second query alone.
    expect(conditions.filter(each => each !== undefined).length).toBeLessThanOrEqual(FILES)
    expect(conditions.slice(-2 * FILES)).toEqual(Array(2 * FILES).fill(undefined))
  })

  it('are given up for a store that says the tag of some answers alone', async () => {
    let asked = 0
    await attach({ tagOf: () => (asked++ < FILES ? '"first"' : undefined) })
    for (let query = 0; query < 3; query++) expect(await one(SUM)).toBe(SUM_BEFORE)
    replaceAll()
    expect(await one(SUM)).toBe(SUM_AFTER)
  })
})

describe('files that DuckDB has described', () => {
  it('are read beside others, of their own shapes and of others', async () => {
    const turned = (file: number): ServedData => ({
      ...after[file]!,
      stats: statsOf(5_000_000, file),
    })
    const own = (file: number): ServedData => ({ ...before[file]!, stats: statsOf(0, file) })
    const mixed = [own(0), turned(1), own(2), turned(0), own(1), turned(2)]
    const tagOf = (file: number) => `"${file}"`
    await attach({ tagOf })
    files.splice(0, files.length, ...mixed)
    const between = (low: number, high: number) =>
      one(
        `SELECT list(id // 1000 ORDER BY id) FROM share.main.t WHERE id BETWEEN ${low} AND ${high} AND id % 1000 = 0`,
      )
    // One file of the one shape, then two of both, then all of them.
    expect(await between(0, 1999)).toEqual([0n, 1n])
    expect(await between(4000, 5_001_999)).toEqual([4n, 5n, 5000n, 5001n])
    const all = [0n, 1n, 2n, 3n, 4n, 5n, 5000n, 5001n, 5002n, 5003n, 5004n, 5005n]
    expect(await between(0, 9_000_000)).toEqual(all)
    const others = await share.query(
      'SELECT id, other FROM share.main.t WHERE id % 2000 = 0 ORDER BY id',
    )
    expect((await others.all()).map(({ other }) => other)).toEqual(
      [0n, 2000n, 4000n, 0n, 2000n, 4000n].map(row => row + 1_000_000n),
    )
  })

  const statsOf = (first: number, file: number) =>
    JSON.stringify({
      numRecords: ROWS,
      minValues: { id: first + file * ROWS },
      maxValues: { id: first + (file + 1) * ROWS - 1 },
      nullCount: { id: 0 },
    })
})

describe('a file that is replaced between its footer and its chunks', () => {
  /** Replaces the files as the `nth` request for data comes, and puts them back as often as is said. */
  const replacing = (nths: readonly number[]) => {
    let count = 0
    return () => {
      if (nths.includes(count++)) {
        const isBefore = files[0] === before[0]
        for (const i of files.keys()) files[i] = (isBefore ? after : before)[i]!
      }
      return false
    }
  }

  it.each([[FILES], [FILES + 1], [1], [2 * FILES - 1]])(
    'is read anew, from request %s on',
    async nth => {
      await attach({ onData: replacing([nth]) })
      expect(await one(SUM)).toBe(SUM_AFTER)
    },
  )

  it('is refused where it is replaced again and again, and read when it rests', async () => {
    let isResting = false
    let count = 0
    await attach({
      tagOf: () => `"${isResting ? 'rests' : count++}"`,
    })
    await expect(one(SUM)).rejects.toThrow(/cannot be used: it changed while it was read/)
    isResting = true
    expect(await one(SUM)).toBe(SUM_BEFORE)
  })

  it('leaves no copy behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-footers-'))
    try {
      await attach({ onData: replacing([FILES]) }, [], { folder })
      expect(await one(SUM)).toBe(SUM_AFTER)
      const left = readdirSync(folder, { recursive: true }).map(String)
      expect(left.filter(name => name.endsWith('.parquet'))).toEqual([])
    } finally {
      await share.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

it('a file of another size is another file', async () => {
  const footers = new KnownFooters().of('table')
  const shared = (id: string, size: number) => ({ id, key: id, file: { size } }) as SharedFile
  footers.keep(shared('a', 10), new Uint8Array(4), '"1"')
  expect(footers.known(shared('a', 10))?.tag).toBe('"1"')
  expect(footers.known(shared('a', 11))).toBeUndefined()
  expect(footers.known(shared('b', 10))).toBeUndefined()
})

it('footers are kept up to a number of bytes, those that were used last', () => {
  const known = new KnownFooters(4000)
  const [one, two] = [known.of('one'), known.of('two')]
  const shared = (id: string) => ({ id, key: id, file: { size: 100 } }) as SharedFile
  one.keep(shared('a'), new Uint8Array(1000), '"a"')
  two.keep(shared('a'), new Uint8Array(1000), '"b"')
  expect(one.known(shared('a'))?.tag).toBe('"a"')
  one.keep(shared('c'), new Uint8Array(1000), '"c"')
  expect(two.known(shared('a'))?.tag).toBe('"b"')
  one.keep(shared('d'), new Uint8Array(1000), '"d"')
  const left = ['a', 'c', 'd'].map(id => one.known(shared(id))?.tag)
  expect([left, two.known(shared('a'))?.tag]).toEqual([[undefined, '"c"', '"d"'], '"b"'])
  one.keep(shared('e'), new Uint8Array(5000), '"e"')
  expect(['c', 'd', 'e'].map(id => one.known(shared(id)))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
