import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Accepts, DataFile, Snapshot, TableSource, UrlSigner } from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import type { SignedFile } from '@spillway/engine'
import type { PageMark } from '@spillway/planner'
import { statsString } from '@spillway/protocol'
import { rowJson, rowResolver, tableRows } from '@spillway/rows'
import { quickOr, spreadOf } from '@spillway/testkit'
import { compose } from 'spillway'
import { afterAll, describe, expect, it } from 'vitest'
import { exact as hudiTables, unpackedTables } from './hudi-tables.js'

const iceberg = fileURLToPath(new URL('../fixtures/iceberg/', import.meta.url))
const icebergTables = (
  JSON.parse(readFileSync(`${iceberg}catalogue.json`, 'utf8')) as {
    readonly tables: readonly {
      readonly name: string
      readonly folder: string
      readonly features: readonly string[]
      readonly rebase: TableSource['rebase']
    }[]
  }
).tables.filter(({ features }) => !features.includes('orc') && !features.includes('avro'))

const unpacked = unpackedTables()
const folder = mkdtempSync(join(tmpdir(), 'spillway-exact-'))
const spillway = compose()
const { store, duckdb } = spillway
afterAll(async () => {
  await spillway.close()
  unpacked.remove()
  rmSync(folder, { recursive: true })
})

const signer: UrlSigner = {
  covers: () => true,
  sign: async paths => ({ urls: [...paths], expiresAt: 1 }),
}
const location = `file://${folder}`
const staged = spillway.engine({
  signers: [signer],
  stagingLocations: [location],
  rowResolver: rowResolver({ store, duckdb, staging: { store, location } }),
})
const unstaged = spillway.engine({
  signers: [signer],
  rowResolver: rowResolver({ store, duckdb }),
})

const PLAIN: Accepts = { features: new Set(), inlineVectorBytes: 0 }
const VECTORS: Accepts = {
  features: new Set(['deletionVectors', 'columnMapping', 'typeWidening']),
  inlineVectorBytes: 52_428,
}
/** As where every vector is too long for a line. */
const LONG_VECTORS: Accepts = { ...VECTORS, inlineVectorBytes: 0 }

type Engine = typeof staged

async function sent(engine: Engine, snapshot: Snapshot, accepts: Accepts) {
  const files: SignedFile[] = []
  for await (const batch of engine.signedFiles(snapshot, { accepts })) files.push(...batch)
  return files
}

/** What a recipient reads who applies vectors and nothing else: no log file, no delete file. */
function received(files: readonly SignedFile[]): readonly DataFile[] {
  return files.map(({ file, vector }) => {
    expect(file.logFiles).toEqual([])
    return { ...file, deletes: vector === undefined ? [] : [vector.vector] }
  })
}

/** The table as its recipient sees it: with files of its own and those that were written for it. */
function asReceived({ mergedLogs: _, ...snapshot }: Snapshot): Snapshot {
  const { source } = snapshot
  const auxiliaryLocations = [...(source.auxiliaryLocations ?? []), location]
  return { ...snapshot, source: { ...source, auxiliaryLocations } }
}

async function rowsOf(snapshot: Snapshot, files?: readonly DataFile[]): Promise<readonly string[]> {
  const rows =
    files === undefined
      ? spillway.rows
      : tableRows({
          store,
          duckdb,
          async *files() {
            yield files
          },
        })
  const answer = rows.rows(files === undefined ? snapshot : asReceived(snapshot))
  const found: string[] = []
  for await (const block of answer.rows) {
    for (const row of block) found.push(JSON.stringify(rowJson(row, answer.fields)))
  }
  return found.sort()
}

/** Clients trust the count of a file with a vector, and staged files are told by nobody else. */
async function expectRightCounts(files: readonly SignedFile[]): Promise<void> {
  for (const { file } of files) {
    if (file.recordCount === undefined) continue
    const meta = await store.head(file.path)
    expect([file.recordCount, file.size]).toEqual([
      (await readParquetFooter(store, meta!)).rowCount,
      meta!.size,
    ])
  }
}

/** A vector with a URL is in a file, and one without travels inside the line. */
function expectPlaced(files: readonly SignedFile[], { inlineVectorBytes }: Accepts): void {
  for (const { vector } of files) {
    if (vector === undefined) continue
    const { bitmap } = vector.vector
    expect(vector.url === undefined).toBe(bitmap instanceof Uint8Array)
    if (inlineVectorBytes === 0) expect(vector.url).toMatch(/\.bin$/)
  }
}

async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
    return (error as Error).message
  }
}

async function expectExact(source: TableSource): Promise<void> {
  const snapshot = await staged.snapshot(source)
  const rows = await rowsOf(snapshot)
  for (const accepts of [VECTORS, LONG_VECTORS, PLAIN]) {
    const files = await sent(staged, snapshot, accepts)
    expect(await rowsOf(snapshot, received(files))).toEqual(rows)
    await expectRightCounts(files)
    expectPlaced(files, accepts)
    // The second answer is made of the same files.
    if (accepts === VECTORS) expect(await sent(staged, snapshot, accepts)).toEqual(files)
  }
  let files: readonly SignedFile[] = []
  const refusal = await refusalOf(
    sent(unstaged, snapshot, VECTORS).then(found => {
      files = found
    }),
  )
  if (refusal === undefined) expect(await rowsOf(snapshot, received(files))).toEqual(rows)
  else expect(refusal).toMatch(/staging/)
}

describe('every golden table reaches recipients with and without vectors exactly', () => {
  it.each(
    spreadOf(
      hudiTables.filter(({ name }) => name.startsWith('mor_')),
      3,
    ).map(table => [table.archive, table] as const),
  )('%s', async (_, table) => {
    await expectExact({ location: await unpacked.locationOf(table) })
  })

  it.each(spreadOf(icebergTables, 3).map(table => [table.name, table] as const))(
    '%s',
    async (_, table) => {
      const location = `file://${iceberg}${table.folder}`
      await expectExact({
        location,
        format: 'iceberg',
        ...(table.rebase && { rebase: table.rebase }),
      })
    },
  )
})

/** Values of top-level columns that compare as JSON spells their bounds. */
const PLAIN_TYPES = new Set<unknown>(['int', 'long', 'float', 'double'])

async function expectTrueStatistics(snapshot: Snapshot, file: DataFile): Promise<number> {
  const alone = { ...file, deletes: [] }
  const rows = tableRows({
    store,
    duckdb,
    async *files() {
      yield [alone]
    },
  }).rows(asReceived(snapshot))
  const values: unknown[][] = []
  for await (const block of rows.rows) for (const row of block) values.push([...row])
  const text = statsString(file, snapshot.schema.fields)
  if (text === undefined) return 0
  const stats = JSON.parse(text)
  expect([stats.numRecords, stats.tightBounds]).toEqual([values.length, false])
  let checked = 0
  for (const [column, { name, type }] of rows.fields.entries()) {
    const all = values.map(row => row[column])
    const nulls = stats.nullCount?.[name]
    if (typeof nulls === 'number') expect(all.filter(each => each === null)).toHaveLength(nulls)
    if (!PLAIN_TYPES.has(type)) continue
    const [least, most] = [stats.minValues?.[name], stats.maxValues?.[name]]
    for (const value of all.filter(each => each !== null).map(Number)) {
      // NaN is above every number to a reader of Delta: no maximum holds it.
      if (least !== undefined) expect(value < least).toBe(false)
      if (most !== undefined) expect(value <= most).toBe(true)
      if (least !== undefined) checked++
    }
  }
  return checked
}

describe('statistics and pages', () => {
  const merged = hudiTables.filter(
    ({ name, tableVersion }) => tableVersion === 9 && /mor_(types|event_time|log_only)$/.test(name),
  )
  const sources = async () => [
    ...(await Promise.all(
      merged.map(async table => ({ location: await unpacked.locationOf(table) })),
    )),
    ...spreadOf(icebergTables, 3).map(({ folder: name, rebase }) => ({
      location: `file://${iceberg}${name}`,
      format: 'iceberg' as const,
      ...(rebase && { rebase }),
    })),
  ]

  it('say nothing that a file, its vector aside, does not hold', async () => {
    let checked = 0
    for (const source of await sources()) {
      const snapshot = await staged.snapshot(source)
      for (const accepts of [VECTORS, PLAIN]) {
        for (const { file } of await sent(staged, snapshot, accepts)) {
          checked += await expectTrueStatistics(snapshot, file)
        }
      }
    }
    expect(checked).toBeGreaterThan(quickOr(20, 100))
  })

  it('pages hold every file of the whole answer once, both parts of a slice together', async () => {
    for (const source of await sources()) {
      const snapshot = await staged.snapshot(source)
      const paths: string[] = []
      let after: PageMark | undefined
      do {
        const page = { maxFiles: 1, ...(after && { after }) }
        const answer = staged.signedFiles(snapshot, { accepts: VECTORS, page })
        for await (const batch of answer) paths.push(...batch.map(({ file }) => file.path))
        after = answer.plan.nextPage
      } while (after !== undefined)
      const whole = await sent(staged, snapshot, VECTORS)
      expect(paths.sort()).toEqual(whole.map(({ file }) => file.path).sort())
    }
  })
})

describe('without staging', () => {
  it('position and equality deletes reach recipients of vectors, and others are told how', async () => {
    for (const name of ['java-v2-equality-deletes', 'spark-v2-deletes-file']) {
      const table = icebergTables.find(each => each.name === name)!
      const source = {
        location: `file://${iceberg}${table.folder}`,
        format: 'iceberg',
        ...(table.rebase && { rebase: table.rebase }),
      } as const
      const snapshot = await unstaged.snapshot(source)
      const files = await sent(unstaged, snapshot, VECTORS)
      expect(files.some(({ vector }) => vector !== undefined && vector.url === undefined)).toBe(
        true,
      )
      expect(await rowsOf(snapshot, received(files))).toEqual(await rowsOf(snapshot))
      expect(await refusalOf(sent(unstaged, snapshot, PLAIN))).toMatch(
        /readerfeatures=deletionvectors", or have the provider configure staging$/,
      )
    }
  })

  const goldens = (name: string) =>
    Promise.all(
      hudiTables
        .filter(table => table.name === name)
        .map(async table => unstaged.snapshot({ location: await unpacked.locationOf(table) })),
    )

  it('logs that only delete, if in data blocks, reach recipients of vectors', async () => {
    let vectors = 0
    for (const snapshot of await goldens('mor_soft_delete')) {
      const files = await sent(unstaged, snapshot, VECTORS)
      vectors += files.filter(({ vector }) => vector !== undefined).length
    }
    expect(vectors).toBeGreaterThan(0)
  })

  it('logs that change rows are refused', async () => {
    for (const snapshot of await goldens('mor_commit_time')) {
      expect(await refusalOf(sent(unstaged, snapshot, VECTORS))).toMatch(
        /a deletion vector cannot express; have the provider configure staging/,
      )
    }
  })
})
