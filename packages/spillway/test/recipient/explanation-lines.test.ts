import type { ScanExplanation } from '@spillway/duckdb'
import { describe, expect, it } from 'vitest'
import {
  explanationJson,
  explanationLines,
  hintText,
} from '../../src/recipient/explanation-lines.js'
import { textWidth } from '../../src/terminal/format-table.js'
import { styleFor } from '../../src/terminal/style.js'

const canvas = { width: 80, unicode: false, style: styleFor({}, {}) }
const column = (name: string) => ({ op: 'column', name, valueType: 'long' })
const literal = (value: string) => ({ op: 'literal', value, valueType: 'long' })
const compare = (op: string, name: string, value: string) => ({
  op,
  children: [column(name), literal(value)],
})

const scan: ScanExplanation = {
  table: 'city.public.trips',
  version: 3n,
  filter: "day >= '2026-03-07'",
  hints: { jsonPredicateHints: JSON.stringify(compare('greaterThan', 'id', '5')), limitHint: 10 },
  unhinted: ["regexp_matches(name, 'x')"],
  columns: { read: ['day', 'fare'], all: ['id', 'day', 'fare'] },
  files: { kept: 3, answered: 4, total: 28 },
  bytes: { kept: 90_000, answered: 120_000, total: 900_000 },
  partitions: [
    { values: { day: '2026-03-08' }, files: 2, kept: 2, bytes: 60_000 },
    { values: { day: '2026-03-07' }, files: 2, kept: 1, bytes: 60_000 },
  ],
  fetchedBytes: () => 4200,
}

describe('an explanation', () => {
  it('says and draws what was asked and what is left', () => {
    expect(explanationLines({ transport: 'ranges', scans: [scan] }, canvas)).toEqual([
      'city.public.trips  version 3',
      "filter      day >= '2026-03-07'",
      'hints sent  id > 5, limit 10',
      "not sent    regexp_matches(name, 'x') (applied to the rows)",
      'columns     2 of 3: day, fare',
      'files       ###.....................  3 of 28 (11 %); 4 were answered',
      'bytes       ##......................  90 KB of 900 KB (10 %)',
      'fetched     4.2 KB',
      '  day=2026-03-07  #########################################  1 of 2 files, 60 KB',
      '  day=2026-03-08  #########################################  2 of 2 files, 60 KB',
      '',
      'read by ranges: footers, then the column chunks that are needed',
    ])
  })

  it.each([40, 60, 100])('fits %d columns, however long the filter', width => {
    const long = { ...scan, filter: 'x'.repeat(500), unhinted: ['y'.repeat(500)] }
    const lines = explanationLines({ transport: 'ranges', scans: [long] }, { ...canvas, width })
    const wide = lines.filter(line => /^(filter|not sent)/.test(line)).map(textWidth)
    expect(Math.max(...wide)).toBeLessThanOrEqual(width + 4)
  })

  it('as data has every digit and no function', () => {
    const json = explanationJson({ transport: 'ranges', scans: [scan] })
    expect(JSON.parse(JSON.stringify(json))).toMatchObject({
      transport: 'ranges',
      tables: [{ table: 'city.public.trips', version: '3', fetchedBytes: 4200, files: scan.files }],
    })
  })

  it('of SQL over nothing shared says so', () => {
    expect(explanationLines({ transport: 'ranges', scans: [] }, canvas)).toEqual([
      'no shared table is read',
    ])
  })
})

describe('a hint as people write it', () => {
  it.each([
    [compare('equal', 'a', '1'), 'a = 1'],
    [{ op: 'not', children: [{ op: 'isNull', children: [column('a')] }] }, 'NOT (a IS NULL)'],
    [
      {
        op: 'and',
        children: [
          compare('lessThan', 'a', '1'),
          { op: 'or', children: [compare('equal', 'b', '2'), compare('equal', 'c', '3')] },
        ],
      },
      'a < 1 AND (b = 2 OR c = 3)',
    ],
    [{ op: 'in', children: [column('a'), literal('1'), literal('2')] }, 'in(a, 1, 2)'],
  ])('%j', (tree, text) => {
    expect(hintText(JSON.stringify(tree))).toBe(text)
  })

  it('stays as it is where it holds something else', () => {
    expect(hintText('{"op":"column"}')).toBe('{"op":"column"}')
    expect(hintText('no json')).toBe('no json')
  })
})

it('shows SQL hints as one condition, and names without quotes that they do not need', () => {
  const predicateHints = ["`a b` = '`c`'", "startswith(`name`, 'it''s `x`')"]
  const { hints: _, ...others } = scan
  const lines = explanationLines(
    { transport: 'ranges', scans: [{ ...others, hints: { predicateHints } }] },
    { ...canvas, width: 200 },
  )
  expect(lines.find(line => line.includes('hints sent'))).toMatch(
    /`a b` = '`c`' AND startswith\(name, 'it''s `x`'\)$/,
  )
})
