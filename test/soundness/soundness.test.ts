import { isTableError, type Predicate, readString, type Snapshot } from '@spillway/core'
import { planScan } from '@spillway/planner'
import { allReadings, quickOr, Random, type Reading, rowTest, spreadOf } from '@spillway/testkit'
import { compose } from 'spillway'
import { afterAll, describe, expect, it } from 'vitest'
import { type FactsOf, factsOf, mayMatch } from './allowed.js'
import { ownValues, predicateOver } from './own-values.js'
import { type ReadTable, readFiles } from './read-files.js'
import { type RealTable, realTables } from './real-tables.js'
import { toldOf } from './told.js'

const real = realTables()
const tables = spreadOf(real.tables, 24)
const PREDICATES = Number(process.env.SPILLWAY_REAL_PREDICATES ?? quickOr(1200, 50_000))
const seed = Number(process.env.SPILLWAY_SOUNDNESS_SEED ?? Date.now() % 2 ** 31)
/** Rows that are judged for a predicate: a larger table is asked fewer of them. */
const FEW_ROWS = 200
const READINGS = allReadings([0, -720, 840, 330])
/** What is ruled out under these is ruled out under all: what nobody understands may match. */
const WIDEST = READINGS.filter(({ unknown }) => unknown === true)
/** Of few files, one that is kept weighs too much. */
const FEW_ALLOWED = 100
const ENOUGH = 2000

const spillway = compose()
const engine = spillway.engine()
afterAll(async () => {
  await spillway.close()
  real.remove()
})

/** Files that minima, maxima and counts of their rows rule out, and how many of them were pruned. */
interface Tightness {
  allowed: number
  pruned: number
}

const tightness = new Map<RealTable['format'], Tightness>(
  (['delta', 'iceberg', 'hudi', 'parquet'] as const).map(format => [
    format,
    { allowed: 0, pruned: 0 },
  ]),
)
let [asked, matched] = [0, 0]

/** How often each file was kept, by its path. */
async function kept(snapshot: Snapshot, predicate: Predicate): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  const plan = planScan(snapshot, { predicate, zonelessLiterals: 'unknown' })
  for await (const { files, selection } of plan) {
    for (const row of selection) add(times, readString(files.batch.path, row))
  }
  return times
}

function add(times: Map<string, number>, path: string): void {
  times.set(path, (times.get(path) ?? 0) + 1)
}

/** The files with a live row that matches under one of the readings. */
function matching({ table, paths }: ReadTable, predicate: Predicate, readings: readonly Reading[]) {
  const tests = readings.map(reading => rowTest(predicate, table.schema, reading))
  const isMatch = (row: Parameters<(typeof tests)[number]>[0]) =>
    tests.some(test => test(row) === true)
  return new Set(paths.filter((_, i) => table.files[i]!.rows.some(isMatch)))
}

interface Judged {
  readonly predicate: Predicate
  readonly facts: readonly (FactsOf | undefined)[]
  readonly found: ReadonlyMap<string, number>
}

function judge({ table, paths }: ReadTable, { predicate, facts, found }: Judged, total: Tightness) {
  for (const [i, each] of facts.entries()) {
    if (each === undefined) continue
    const { schema } = table
    if (WIDEST.some(reading => mayMatch(predicate, { schema, reading, facts: each }))) continue
    total.allowed++
    if (!found.has(paths[i]!)) total.pruned++
  }
}

async function opened({ source }: RealTable): Promise<ReadTable | undefined> {
  try {
    return await readFiles(spillway, await engine.snapshot(await source()))
  } catch (error) {
    if (isTableError(error)) return undefined
    throw error
  }
}

describe(`pruning of real tables beside their rows (SPILLWAY_SOUNDNESS_SEED=${seed})`, () => {
  it.each(tables.map(table => [`${table.format}/${table.name}`, table] as const))(
    '%s: no file with a matching row is lost',
    async (name, real) => {
      const read = await opened(real)
      // Refused, whole or in its rows; or without a column that could be asked about.
      if (read === undefined || read.table.columns.length === 0) return
      const { table, snapshot, paths, files, written } = read
      const rows = table.files.reduce((sum, file) => sum + file.rows.length, 0)
      const random = new Random((seed + name.length * 7919) | 0)
      const values = ownValues(table)
      const listed = new Map<string, number>()
      for (const path of paths) add(listed, path)
      const facts = written.map(
        (each, i) => each && factsOf(each, table.schema, toldOf(snapshot, files[i]!)),
      )
      const count = Math.ceil((PREDICATES / tables.length) * Math.min(1, FEW_ROWS / rows))
      for (let i = 0; i < count; i++) {
        // What is no value of a column's own type is compared in more than one way: that is judged for soundness alone.
        const isOwn = i % 2 === 1
        const predicate = predicateOver({ table, values, share: isOwn ? 1 : 0.67 }, random)
        const readings = Array.from({ length: 3 }, () => random.pick(READINGS))
        const found = await kept(snapshot, predicate)
        for (const path of matching(read, predicate, readings)) {
          if (found.get(path) !== listed.get(path)) {
            expect.fail(`${path} ${shown(predicate)} ${JSON.stringify(readings)}`)
          }
          matched++
        }
        asked++
        if (isOwn && real.tells)
          judge(read, { predicate, facts, found }, tightness.get(real.format)!)
      }
    },
    600_000,
  )

  // What other tables tell nobody knows.
  const others = process.env.SPILLWAY_TABLES !== undefined
  it.skipIf(others)('prunes what minima, maxima and counts of the rows rule out', () => {
    const ratios = [...tightness].map(([format, { allowed, pruned }]) => ({
      ...{ format, allowed, pruned },
      ratio: Number((pruned / allowed).toFixed(4)),
    }))
    console.log(`${asked} predicates, ${matched} files with matching rows`, ratios)
    expect(matched).toBeGreaterThan(asked / 4)
    expect(ratios.reduce((sum, { allowed }) => sum + allowed, 0)).toBeGreaterThan(asked / 20)
    for (const { ratio, allowed } of ratios) {
      if (allowed < FEW_ALLOWED) continue
      expect(ratio).toBeGreaterThanOrEqual(allowed < ENOUGH ? 0.9 : 0.99)
    }
  })
})

function shown(predicate: Predicate): string {
  return JSON.stringify(predicate, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
}
