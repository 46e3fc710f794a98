import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AttachedShare, attachShare } from '../src/index.js'
import { type ServedData, type ShareServer, shareServer } from './support/share-server.js'
import { SCHEMA, sharedTable } from './support/share-table.js'

const FILES = 4
const ROWS = 20_000
let files: readonly ServedData[]
let server: ShareServer
let attached: AttachedShare
let connection: DuckDBConnection

beforeAll(async () => {
  files = await sharedTable(FILES, ROWS)
  server = await shareServer({ files, schemaString: SCHEMA, partitionColumns: ['day'] })
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  attached = await attachShare(connection, server.profile, { transport: 'ranges' })
})
afterAll(async () => {
  await attached.close()
  await server.close()
})

/** A hint as text: `and(day >= 2026-01-02, id = 5)`. */
function hintText(node: unknown): string {
  const { op, children, name, value } = node as Record<string, string & unknown[]>
  if (op === 'column') return String(name)
  if (op === 'literal') return String(value)
  const parts = (children as unknown[]).map(hintText)
  const symbols: Record<string, string> = {
    equal: '=',
    lessThan: '<',
    lessThanOrEqual: '<=',
    greaterThan: '>',
    greaterThanOrEqual: '>=',
  }
  const symbol = symbols[String(op)]
  return symbol === undefined ? `${op}(${parts.join(', ')})` : `${parts[0]} ${symbol} ${parts[1]}`
}

const HINTS: readonly (readonly [string, string | undefined])[] = [
  [`day = DATE '2026-01-02'`, 'day = 2026-01-02'],
  [`day BETWEEN '2026-01-02' AND '2026-01-03'`, 'and(day >= 2026-01-02, day <= 2026-01-03)'],
  ['id + 1 = 6', 'id = 5'],
  ['id IN (3, 7)', 'or(id = 3, id = 7)'],
  ['id < 5 AND length(name) > 3', 'id < 5'],
  ['id < 5 OR length(name) > 3', undefined],
  [`name LIKE 'ab%'`, 'and(name >= ab, name < ac)'],
  // By the order of servers in Java this is below a character of one unit.
  [`name = '\u{1f600}'`, undefined],
  ['amount = 0', 'amount <= 0'],
  [
    'id IN (1, 2, 3, 4, 5, 6, 7)',
    `or(${[1, 2, 3, 4, 5, 6, 7].map(id => `id = ${id}`).join(', ')})`,
  ],
  ['id IN (SELECT 7 * range FROM range(1000))', undefined],
  ['id > 20.5', 'id > 20'],
  [`day > TIMESTAMP '2026-01-01 12:00:00'`, 'day > 2026-01-01'],
  [`name = 'it''s'`, `name = it's`],
  ['amount < 1.5', 'amount < 1.5'],
  // NaN is above everything, and many a server's maximum leaves it out.
  ['amount > 1.5 AND id > 2', 'id > 2'],
  ['amount IS NULL', 'isNull(amount)'],
  // Servers exist that invert "may match": nothing negated is ever sent.
  ['NOT (id = 5)', undefined],
  ['id <> 5', undefined],
  ['amount IS NOT NULL', undefined],
  [`CASE WHEN id > 3 THEN TRUE ELSE FALSE END`, undefined],
  ['random() < 2 AND id = 5', 'id = 5'],
  // Years that four digits cannot say would be cut to others, or refused.
  [`day < DATE '12345-06-07' AND id = 5`, 'id = 5'],
  [`day > DATE '0044-03-15 (BC)' AND id = 5`, 'id = 5'],
]

describe('what the provider is told', () => {
  it.each(HINTS)('WHERE %s', async (where, expected) => {
    const { scans } = await attached.explain(`SELECT * FROM share.main.t WHERE ${where}`)
    const { jsonPredicateHints } = scans[0]!.hints
    const found =
      jsonPredicateHints === undefined ? undefined : hintText(JSON.parse(jsonPredicateHints))
    expect(found).toBe(expected)
    expect(JSON.parse(server.queries.at(-1)!).jsonPredicateHints).toBe(jsonPredicateHints)
  })

  it('leaves out what it names, with its column', async () => {
    const where = 'amount > 1.5 AND id > 2 AND (name IS NOT NULL OR id = 5)'
    const { scans } = await attached.explain(`SELECT * FROM share.main.t WHERE ${where}`)
    expect(scans[0]!.unhinted).toEqual([
      'comparison of amount cannot be said in a hint',
      'notNull of name cannot be said in a hint',
    ])
  })

  it('is the union of what each place of the SQL reads', async () => {
    const sql = `SELECT * FROM share.main.t a JOIN share.main.t b ON a.id = b.id + 1 WHERE a.id < 5 AND b.amount < 3`
    const { scans } = await attached.explain(sql)
    expect(hintText(JSON.parse(scans[0]!.hints.jsonPredicateHints!))).toMatch(
      /^or\(.*(id < 5|amount < 3).*\)$/,
    )
  })

  it('has the values of parameters in it', async () => {
    const sql = 'SELECT id FROM share.main.t WHERE id = $1 AND name > $2'
    const { scans } = await attached.explain(sql, { parameters: [7, 'x'] })
    expect(hintText(JSON.parse(scans[0]!.hints.jsonPredicateHints!))).toBe('and(id = 7, name > x)')
  })

  it.each([
    ['SELECT * FROM share.main.t LIMIT 5', 5],
    ['SELECT id + 1 FROM share.main.t LIMIT 7', 7],
    ['SELECT * FROM share.main.t WHERE id > 3 LIMIT 5', undefined],
    ['SELECT * FROM share.main.t LIMIT 5 OFFSET 2', undefined],
    ['SELECT * FROM share.main.t ORDER BY id LIMIT 5', undefined],
    ['SELECT count(*) FROM (FROM share.main.t LIMIT 5)', undefined],
    ['SELECT DISTINCT id FROM share.main.t LIMIT 5', undefined],
  ])('%s has the limit hint %s', async (sql, expected) => {
    const { scans } = await attached.explain(sql)
    expect(scans[0]!.hints.limitHint).toBe(expected)
  })
})

describe('what is fetched', () => {
  async function fetched(sql: string) {
    const before = server.sent.bytes
    const result = await attached.query(sql)
    const rows: unknown[] = []
    for await (const block of result.rawRows()) rows.push(...block)
    return { rows, bytes: server.sent.bytes - before, explanation: result.explanation }
  }
  const whole = () => files.reduce((sum, { bytes }) => sum + bytes.length, 0)

  it('files that their statistics rule out are left, though the server sent them', async () => {
    const { rows, explanation } = await fetched('SELECT id FROM share.main.t WHERE id = 25000')
    expect(rows).toEqual([[25000n]])
    expect(explanation.scans[0]!.files).toEqual({ kept: 1, answered: FILES, total: FILES })
    expect(explanation.scans[0]!.columns.read).toEqual(['id'])
  })

  it('columns that the SQL does not name, and row groups that cannot match, are left', async () => {
    const { rows, bytes } = await fetched('SELECT sum(amount) FROM share.main.t WHERE id = 25000')
    expect(rows).toEqual([[12500]])
    // The footer, and two of four columns of one row group of ten in one file of four.
    expect(bytes).toBeLessThan(files[1]!.bytes.length / 8)
  })

  it('a count reads footers alone', async () => {
    const { rows, bytes } = await fetched('SELECT count(*) FROM share.main.t')
    expect(rows).toEqual([[BigInt(FILES * ROWS)]])
    expect(bytes).toBeLessThan(whole() / 8)
  })

  it('a partition column is read from no file', async () => {
    const { rows, bytes } = await fetched('SELECT DISTINCT day FROM share.main.t ORDER BY ALL')
    expect(rows).toHaveLength(FILES)
    expect(bytes).toBeLessThan(whole() / 8)
  })

  it('a LIMIT stops after the files that it needs', async () => {
    const { rows, bytes } = await fetched('SELECT * FROM share.main.t LIMIT 10')
    expect(rows).toHaveLength(10)
    expect(bytes).toBeLessThan(whole() * 0.8)
  })
})

describe('statements', () => {
  async function rowsOf(sql: string): Promise<readonly unknown[]> {
    const result = await attached.query(sql)
    const rows: unknown[] = []
    for await (const block of result.rawRows()) rows.push(...block)
    return rows
  }

  it('of several kinds run in turn, local tables beside shared ones', async () => {
    const sql = `CREATE OR REPLACE TABLE mine AS SELECT id FROM share.main.t WHERE id < 4;
      INSERT INTO mine SELECT id FROM share.main.t WHERE id = 9; -- a comment; with a semicolon
      CREATE OR REPLACE VIEW joined AS SELECT t.* FROM mine JOIN share.main.t t USING (id);
      SELECT id, day FROM joined WHERE amount >= 1 ORDER BY id;`
    expect(await rowsOf(sql)).toEqual([
      [2n, 20454],
      [3n, 20454],
      [9n, 20454],
    ])
  })

  it.each([
    ['DESCRIBE share.main.t', 4],
    ['SUMMARIZE share.main.t', 4],
    ['WITH t AS (SELECT 1 AS id) SELECT * FROM t', 1],
    ['PIVOT (SELECT id % 2 AS k, id FROM share.main.t) ON k IN (0, 1) USING count(id)', 1],
    ['VALUES (1), (2)', 2],
  ])('%s', async (sql, count) => {
    expect(await rowsOf(sql)).toHaveLength(count)
  })

  it('that DuckDB cannot plan without reading are refused with what would work', async () => {
    const pivot = 'PIVOT (SELECT id % 2 AS k, id FROM share.main.t) ON k USING count(id)'
    await expect(attached.query(pivot)).rejects.toThrow(/IN \(\.\.\.\)/)
  })

  it('that DuckDB refuses are refused with its words', async () => {
    await expect(attached.query('SELECT nothing FROM share.main.t')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/"nothing" not found/),
    })
  })

  it('leave nothing behind when the share is detached', async () => {
    const other = await attachShare(connection, server.profile, { catalogOf: () => 'memory' })
    expect([...other.catalogs]).toEqual([['share', 'memory_share']])
    const names: string[] = []
    for await (const { sqlName } of other.tables()) names.push(sqlName)
    expect(names).toEqual(['"memory_share"."main"."t"'])
    await other.close()
    const databases = await connection.runAndReadAll('SELECT database_name FROM duckdb_databases()')
    expect(databases.getRowsJson().flat()).not.toContain('memory_share')
  })
})

describe('results', () => {
  it('come as rows, Arrow batches, an Arrow table and a DuckDB relation', async () => {
    const sql =
      'SELECT id, name, day, amount FROM share.main.t WHERE id BETWEEN 3 AND 5 ORDER BY id'
    const table = await (await attached.query(sql)).arrow()
    expect(table.numRows).toBe(3)
    expect(table.getChild('id')!.toArray()).toEqual(BigInt64Array.of(3n, 4n, 5n))
    let batched = 0
    for await (const batch of (await attached.query(sql)).batches()) batched += batch.numRows
    expect(batched).toBe(3)
    const relation = await (await attached.query(sql)).relation()
    const answer = await connection.runAndReadAll(`SELECT sum(id)::INTEGER FROM ${relation}`)
    expect(answer.getRowsJson()).toEqual([[12]])
  })

  it('are read once', async () => {
    const result = await attached.query('SELECT 1')
    for await (const _ of result.rawRows()) {
      // To its end.
    }
    await expect(result.arrow()).rejects.toThrow(/run the query again/)
  })

  it('of a cancelled query are an error', async () => {
    const signal = AbortSignal.abort()
    await expect(attached.query('FROM share.main.t', { signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})
