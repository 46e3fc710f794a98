import type { ResultColumn, ShareResult } from '@spillway/duckdb'
import { columnJson } from '@spillway/duckdb'
import { duckDb, type Row } from '@spillway/rows'
import { afterAll, describe, expect, it } from 'vitest'
import { csvLine } from '../src/results/csv.js'
import { fitTable } from '../src/results/fit-table.js'
import type { OutputMode } from '../src/results/result-forms.js'
import { exactText, shownText } from '../src/results/value-text.js'
import { writeResult } from '../src/results/write-result.js'
import { textWidth } from '../src/terminal/format-table.js'
import { styleFor } from '../src/terminal/style.js'

const canvas = { width: 80, unicode: true, style: styleFor({}, {}) }
const duckdb = duckDb()
afterAll(() => duckdb.close())

/** What DuckDB gives for an expression, with its type. */
async function valueAndType(sql: string) {
  const connection = await duckdb.connect()
  try {
    const text = `SELECT ${sql} AS v`
    const [type] = await connection.types(text)
    const [row] = await connection.all(text)
    return { value: row![0]!, type: type! }
  } finally {
    connection.close()
  }
}

describe('a value as JSON, exact text and shown text', () => {
  it.each([
    ['9223372036854775807', '9223372036854775807', '9223372036854775807'],
    ['18446744073709551615::UBIGINT', '18446744073709551615', '18446744073709551615'],
    [
      '(-170141183460469231731687303715884105727)::HUGEINT',
      '-170141183460469231731687303715884105727',
      '-170141183460469231731687303715884105727',
    ],
    ['42::INTEGER', 42, '42'],
    ['4294967295::UINTEGER', 4294967295, '4294967295'],
    [
      '12345678901234567890.123456789::DECIMAL(38,9)',
      '12345678901234567890.123456789',
      '12345678901234567890.123456789',
    ],
    ['-0.05::DECIMAL(4,2)', '-0.05', '-0.05'],
    ['0.1::DOUBLE + 0.2::DOUBLE', 0.30000000000000004, '0.30000000000000004'],
    ["'NaN'::DOUBLE", 'NaN', 'NaN'],
    ["'-Infinity'::FLOAT", '-Infinity', '-Infinity'],
    ['true', true, 'true'],
    ["DATE '2026-03-01'", '2026-03-01', '2026-03-01'],
    ["DATE 'infinity'", 'infinity', 'infinity'],
    ["DATE '-infinity'", '-infinity', '-infinity'],
    ["TIMESTAMP '2026-03-01 10:00:00'", '2026-03-01T10:00:00.000000', '2026-03-01 10:00:00'],
    [
      "TIMESTAMPTZ '2026-03-01 10:00:00.000123+00'",
      '2026-03-01T10:00:00.000123Z',
      '2026-03-01 10:00:00.000123Z',
    ],
    [
      "TIMESTAMP '1969-12-31 23:59:59.999999'",
      '1969-12-31T23:59:59.999999',
      '1969-12-31 23:59:59.999999',
    ],
    ["TIMESTAMP_S '2026-03-01 10:00:00'", '2026-03-01T10:00:00.000000', '2026-03-01 10:00:00'],
    [
      "TIMESTAMP_MS '2026-03-01 10:00:00.25'",
      '2026-03-01T10:00:00.250000',
      '2026-03-01 10:00:00.25',
    ],
    [
      "TIMESTAMP_NS '2026-03-01 10:00:00.000000001'",
      '2026-03-01T10:00:00.000000001',
      '2026-03-01 10:00:00.000000001',
    ],
    ["TIMESTAMP 'infinity'", 'infinity', 'infinity'],
    ["TIME '10:00:00.5'", '10:00:00.500000', '10:00:00.5'],
    ["INTERVAL '1 month 3 days'", '1 month 3 days', '1 month 3 days'],
    ["'00ff'::BLOB", 'MDBmZg==', 'MDBmZg=='],
    [
      "UUID '6f1d3c1e-6c7b-4b1f-9c2a-000000000001'",
      '6f1d3c1e-6c7b-4b1f-9c2a-000000000001',
      '6f1d3c1e-6c7b-4b1f-9c2a-000000000001',
    ],
    ['[9223372036854775807, NULL]', ['9223372036854775807', null], '["9223372036854775807",null]'],
    ["{'a': 1, 'b': DATE '2026-03-01'}", { a: 1, b: '2026-03-01' }, '{"a":1,"b":"2026-03-01"}'],
    [
      "MAP {'k': 1.50::DECIMAL(4,2)}",
      [{ key: 'k', value: '1.50' }],
      '[{"key":"k","value":"1.50"}]',
    ],
  ])('%s', async (sql, json, shown) => {
    const { value, type } = await valueAndType(sql)
    expect(columnJson(value, type)).toEqual(json)
    expect(shownText(value, type)).toBe(shown)
    if (typeof json === 'string') expect(exactText(value, type)).toBe(json)
  })

  it.each(['0.1', '16777216', '1e-45', '3.4028235e38', '-7.25', '0.3333333'])(
    'a 32-bit %s is written with the fewest digits that mean it',
    async digits => {
      const { value, type } = await valueAndType(`'${digits}'::FLOAT`)
      const text = exactText(value, type)
      expect(Math.fround(Number(text))).toBe(value)
      expect(text.length).toBeLessThanOrEqual(digits.length + 8)
      if (digits === '0.1') expect(text).toBe('0.1')
    },
  )
})

function resultOf(columns: readonly ResultColumn[], blocks: readonly (readonly Row[])[]) {
  let closedAfter = -1
  const result = {
    columns,
    async *rawRows() {
      for (const [i, block] of blocks.entries()) {
        closedAfter = i
        yield block
      }
    },
  } as unknown as ShareResult
  return { result, blocksRead: () => closedAfter + 1 }
}

const int = { kind: 'scalar', name: 'INTEGER' } as const
const text = { kind: 'scalar', name: 'VARCHAR' } as const

async function written(result: ShareResult, mode: OutputMode, limit?: number) {
  let output = ''
  const answered = await writeResult(
    result,
    async chunk => {
      output += String(chunk)
    },
    { mode, canvas, limit },
  )
  return { output, ...answered }
}

describe('rows as they are written', () => {
  const columns = [
    { name: 'id', type: int },
    { name: 'id', type: text },
    { name: 'id_1', type: text },
  ]
  const rows = [
    [1, 'a,"b"', null],
    [2, '', ' x'],
  ]

  it('JSON has a member a column, whatever their names', async () => {
    const { output } = await written(resultOf(columns, [rows]).result, 'json')
    expect(output).toBe('{"id":1,"id_2":"a,\\"b\\"","id_1":null}\n{"id":2,"id_2":"","id_1":" x"}\n')
  })

  it('CSV tells null from the empty text', async () => {
    const { output } = await written(resultOf(columns, [rows]).result, 'csv')
    expect(output).toBe('id,id,id_1\n1,"a,""b""",\n2,""," x"\n')
  })

  it('a table draws null unlike text, and lets none take the terminal over', async () => {
    const { output } = await written(
      resultOf([{ name: 'v', type: text }], [[['\u001b[31m'], [null]]]).result,
      'table',
    )
    expect(output).toBe('v\n─────\n�[31m\n∅\n')
  })

  it.each([
    [0, 0, true],
    [3, 3, true],
    [4, 4, false],
    [9, 4, false],
  ])('a limit of %d writes %d and says whether there are more', async (limit, count, more) => {
    const blocks = [rows, rows]
    for (const mode of ['table', 'json', 'csv'] as const) {
      const { rows: found, more: said } = await written(
        resultOf(columns, blocks).result,
        mode,
        limit,
      )
      expect([mode, found, said]).toEqual([mode, count, more])
    }
  })

  it('reads no block behind the one that fills the limit', async () => {
    const { result, blocksRead } = resultOf(columns, [rows, rows, rows])
    await written(result, 'json', 1)
    expect(blocksRead()).toBe(1)
  })
})

describe('CSV', () => {
  it.each([
    [['a', null, ''], 'a,,""'],
    [['a\nb', 'c\rd'], '"a\nb","c\rd"'],
    [['"'], '""""'],
    [[' a', 'b ', '1,5'], '" a","b ","1,5"'],
  ])('%j', (cells, line) => {
    expect(csvLine(cells)).toBe(line)
  })
})

describe('a table on a narrow terminal', () => {
  const columns = [
    { title: 'id', align: 'right' as const },
    { title: 'name', align: 'left' as const },
    { title: 'story', align: 'left' as const },
    { title: 'amount', align: 'right' as const },
  ]
  const rows = [['1', 'Harbour', 'a long story '.repeat(8), '12345678901234567890.55']]
  const drawn = (width: number) => fitTable(columns, rows, { ...canvas, width })

  it.each([120, 80, 60, 46])('of %d columns cuts texts and no number', width => {
    const { lines, hidden } = drawn(width)
    expect(hidden).toBe(0)
    expect(lines.every(line => textWidth(line) <= width)).toBe(true)
    expect(lines[2]).toContain('12345678901234567890.55')
  })

  it('of 36 leaves columns out, and says how many', () => {
    const { lines, hidden } = drawn(36)
    expect(hidden).toBe(2)
    expect(lines[2]).toMatch(/^ 1 {2}… {2}12345678901234567890\.55$/)
  })

  it('without a width cuts nothing', () => {
    expect(drawn(Number.POSITIVE_INFINITY).lines[2]).toContain(rows[0]![2]!.trimEnd())
  })

  it('of no rows shows the titles', () => {
    expect(fitTable(columns, [], canvas).lines).toEqual([
      'id  name  story  amount',
      '──  ────  ─────  ──────',
    ])
  })
})
