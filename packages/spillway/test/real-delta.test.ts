import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ExactNumber, type JsonObject } from '@spillway/core'
import { parseExactJson } from '@spillway/encoding'
import { afterAll, describe, expect, it } from 'vitest'
import { answerRequest } from '../src/batch/operations.js'
import { parseRequest } from '../src/batch/request.js'
import { compose } from '../src/tables/compose.js'

interface Expected {
  readonly name: string
  readonly kind: number
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly filters: Readonly<Record<string, number>>
  readonly mustRefuse?: boolean
  readonly version?: number
}

const folder = fileURLToPath(new URL('../../../test/fixtures/real/delta', import.meta.url))
const OURS = /^(crc|gone|hint|max|part|path|torn)-/
const cases = readdirSync(folder)
  .filter(name => OURS.test(name))
  .map(
    name =>
      parseExactJson(readFileSync(`${folder}/${name}/expect.json`, 'utf8')) as unknown as Expected,
  )

const spillway = compose()
const engine = spillway.engine()
afterAll(() => spillway.close())

function ask(expected: Expected, request: JsonObject): Promise<JsonObject> {
  const table = { location: `${expected.name}/table`, format: 'delta' }
  const version = expected.version === undefined ? {} : { version: expected.version }
  return answerRequest(parseRequest({ id: 1, ...table, ...version, ...request }), {
    snapshot: (source, at, signal) => engine.snapshot(source, at, signal),
    rows: spillway.rows,
    folder,
  })
}

/** One spelling of what writers, Python and we write for a value. */
function cell(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.text
  if (Array.isArray(value)) return value.map(cell)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cell(each)]))
  }
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value !== 'string') return value
  return /^\d{4}-\d\d-\d\dT/.test(value)
    ? value.replace(/Z$/, '').replace(/\.0*$|(?<=\.\d*[1-9])0+$/, '')
    : value
}

const bag = (rows: readonly (readonly unknown[])[]) =>
  rows.map(row => JSON.stringify(cell(row))).sort()

const KINDS = {
  5: 'tables whose hints and checksums are wrong',
  8: 'tables whose maxima were cut below the value',
  9: 'tables whose partition values are spelled oddly',
  13: 'tables whose paths or logs are odd',
}

describe.each(Object.entries(KINDS))('kind %s: %s', (kind, _) => {
  const own = cases.filter(each => each.kind === Number(kind))

  it('are three at least', () => {
    expect(own.length).toBeGreaterThanOrEqual(3)
  })

  it.each(own.filter(each => !each.mustRefuse))('$name: every row', async expected => {
    const { columns, rows } = (await ask(expected, { op: 'rows' })) as unknown as Expected
    expect(columns).toEqual(expected.columns)
    expect(bag(rows)).toEqual(bag(expected.rows))
    expect(await ask(expected, { op: 'count' })).toEqual({ rows: String(expected.rows.length) })
    for (const [where, count] of Object.entries(expected.filters)) {
      const found = await ask(expected, { op: 'count', where })
      expect([where, found]).toEqual([where, { rows: String(count) }])
    }
  })

  it.each(own.filter(each => each.mustRefuse))('$name: refused', async expected => {
    await expect(ask(expected, { op: 'rows' })).rejects.toMatchObject({
      code: expect.stringMatching(/^(TABLE_CORRUPT|INVALID_REQUEST)$/),
    })
  })
})
