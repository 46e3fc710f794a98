import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { createSchema, type Predicate, type Schema } from '@spillway/core'
import { parseJsonPredicate, parseSqlPredicate } from '@spillway/protocol'
import { quickOr, Random, rowTest } from '@spillway/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { duckDb } from '../../../rows/src/index.js'
import { predicateOfFilter } from '../../src/plan/filter-text.js'
import { hintsOf } from '../../src/plan/hints.js'
import { hasJoinedList, withShownLists } from '../../src/plan/long-lists.js'
import { planScans } from '../../src/plan/plan-scans.js'
import { STUB_TEXT, stubOf } from '../../src/sql/stub.js'
import { AWKWARD, awkwardRows, randomFilter, rowSql } from '../support/awkward-rows.js'
import { javaKeeps } from '../support/java-server.js'

const SCHEMA: Schema = createSchema(AWKWARD)

const folder = mkdtempSync(join(tmpdir(), 'spillway-hints-'))
const ours = duckDb()
afterAll(async () => {
  await ours.close()
  rmSync(folder, { recursive: true, force: true })
})

/** As DuckDB orders values: NaN above every number. */
const DUCKDB = {
  nan: 'greatest',
  nulls: 'three-valued',
  unknown: true,
  narrow: false,
  zoneOffsetMinutes: 0,
} as const

/** A connection with the rows as the table `bare`, and the stub of a shared table with such rows as the view `shared`. */
async function tables(rows: ReturnType<typeof awkwardRows>, zone: string) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(`SET TimeZone = '${zone}'`)
  const path = join(folder, 'stub.csv')
  writeFileSync(path, STUB_TEXT)
  const stub = stubOf('spill0', AWKWARD, path)
  await connection.run(`CREATE VIEW shared AS ${stub.sql}`)
  const selects = rows.map((row, at) => `SELECT ${at} AS row_number, ${rowSql(row)}`)
  await connection.run(`CREATE TABLE bare AS ${selects.join(' UNION ALL ')}`)
  const parser = await ours.connect()
  const passing = async (filter: string) => {
    const sql = `SELECT row_number FROM bare WHERE ${filter}`
    return (await connection.runAndReadAll(sql)).getRows().map(([row]) => Number(row))
  }
  const explained = async (sql: string) => {
    const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT JSON) ${sql}`)
    return String(reader.getRows().at(-1)![1])
  }
  const predicate = async (filter: string): Promise<Predicate> => {
    const sql = `SELECT * FROM shared WHERE ${filter}`
    let text = await explained(sql)
    const shown = hasJoinedList(text) ? await withShownLists(sql, parser) : undefined
    if (shown !== undefined) text = await explained(shown)
    const { scans } = planScans(text, new Set(['spill0']))
    // A filter that can never pass leaves no scan in the plan.
    if (scans.length === 0) return { kind: 'alwaysFalse' }
    return predicateOfFilter(scans[0]!.filter, { stub, parser })
  }
  return { passing, predicate, close: () => connection.closeSync() }
}

function tested(predicate: Predicate): ReturnType<typeof rowTest> {
  return rowTest(predicate, SCHEMA, DUCKDB)
}

/** A file of a few rows: the least that a hint may keep. */
const FILE = 4

describe('what is sent about a filter', () => {
  const seeds = Array.from(
    { length: Number(process.env.SPILLWAY_HINT_SEEDS ?? quickOr(2, 200)) },
    (_, i) => i + 1,
  )
  it.each(seeds)('is true of every row that passes it (seed %i)', async seed => {
    const random = new Random(seed)
    const rows = awkwardRows(random, 48)
    const zone = random.pick(['UTC', 'America/St_Johns', 'Pacific/Apia'])
    const { passing, predicate, close } = await tables(rows, zone)
    try {
      for (let round = 0; round < 60; round++) {
        const filter = randomFilter(random)
        const passed = await passing(filter).catch(() => undefined)
        // What overflows, or is no date, is an error of DuckDB's.
        if (passed === undefined) continue
        const planned = await predicate(filter)
        const sql = hintsOf(planned, { schema: SCHEMA, readsSqlHints: true })
        const json = hintsOf(planned, { schema: SCHEMA, readsSqlHints: false })
        const tests: [string, ReturnType<typeof rowTest>][] = [['pruning', tested(planned)]]
        for (const text of sql.predicateHints ?? []) {
          const parsed = parseSqlPredicate(text)
          expect(parsed.unapplied, text).toEqual([])
          tests.push([text, tested(parsed.predicate)])
        }
        const { jsonPredicateHints: tree } = json
        if (tree !== undefined) {
          const parsed = parseJsonPredicate(tree)
          expect(parsed.unapplied, tree).toEqual([])
          tests.push([tree, tested(parsed.predicate)])
        }
        for (const row of passed) {
          for (const [said, test] of tests) {
            expect(test(rows[row]!), `${zone}: row ${row} of ${filter}: ${said}`).toBe(true)
          }
        }
        if (tree === undefined) continue
        for (let from = 0; from < rows.length; from += FILE) {
          const needed = passed.some(row => row >= from && row < from + FILE)
          if (!needed) continue
          const file = rows.slice(from, from + FILE)
          expect(javaKeeps(JSON.parse(tree), file, SCHEMA), `${filter}: ${tree}`).toBe(true)
        }
      }
    } finally {
      close()
    }
  })
})
