import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { JsonObject, JsonValue } from '@spillway/core'
import { parseExactJson } from '@spillway/encoding'
import { spreadOf } from '@spillway/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { answerRequest } from '../src/batch/operations.js'
import { parseRequest } from '../src/batch/request.js'
import { compose } from '../src/tables/compose.js'

interface Expected {
  readonly columns: readonly { readonly name: string }[]
  readonly rows: readonly (readonly JsonValue[])[]
}

interface Golden extends Omit<Expected, 'rows'> {
  readonly name: string
  readonly folder: string
  readonly count: number
  /** Not listed where there are too many. */
  readonly rows?: Expected['rows']
  /** Paths of the machine it was written on. */
  readonly rebase?: readonly { readonly from: string; readonly folder: string }[]
  readonly versions?: Readonly<Record<string, Expected>>
  readonly filters?: readonly {
    readonly where: string
    readonly jsonPredicate?: JsonObject
    readonly rows: Expected['rows']
  }[]
}

const folder = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))
const catalogue = parseExactJson(readFileSync(`${folder}/catalogue.json`, 'utf8')) as unknown as {
  readonly tables: readonly Golden[]
}

const spillway = compose()
const engine = spillway.engine()
afterAll(() => spillway.close())

async function answer(request: JsonObject): Promise<JsonObject> {
  return answerRequest(parseRequest(request), {
    snapshot: (source, at, signal) => engine.snapshot(source, at, signal),
    rows: spillway.rows,
    folder,
  })
}

/** Rows have no order. */
function sorted(rows: unknown): readonly string[] {
  return (rows as readonly unknown[]).map(row => JSON.stringify(row)).sort()
}

describe.each(spreadOf(catalogue.tables, 16))('golden Delta table $name', golden => {
  const rebase = golden.rebase?.map(({ from, folder: to }) => ({ from, to: `${folder}/${to}` }))
  const table = { location: golden.folder, ...(rebase && { rebase }) }

  it('has the rows that its writer counted and wrote', async () => {
    expect(await answer({ op: 'count', ...table })).toEqual({ rows: String(golden.count) })
    const found = await answer({ op: 'rows', ...table })
    expect(found.columns).toEqual(golden.columns.map(({ name }) => name))
    if (golden.rows !== undefined) expect(sorted(found.rows)).toEqual(sorted(golden.rows))
    expect(found.rows).toHaveLength(golden.count)
  })

  it.each(Object.entries(golden.versions ?? {}))(
    'had its rows at version %s',
    async (version, expected) => {
      const found = await answer({ op: 'rows', ...table, version })
      expect(found.columns).toEqual(expected.columns.map(({ name }) => name))
      expect(sorted(found.rows)).toEqual(sorted(expected.rows))
    },
  )

  it.each(golden.filters ?? [])(
    'has the rows where $where',
    async ({ where, jsonPredicate, rows }) => {
      expect(sorted((await answer({ op: 'rows', ...table, where })).rows)).toEqual(sorted(rows))
      if (jsonPredicate === undefined) return
      const found = await answer({ op: 'rows', ...table, jsonPredicate })
      expect(sorted(found.rows)).toEqual(sorted(rows))
    },
  )
})
