import { fileURLToPath } from 'node:url'
import type { DataType, Field, FieldPath } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { rowResolver } from '../../src/index.js'
import { dataFile, field, rowFixture, snapshotOf } from '../support/fixture.js'

const table = rowFixture()
const resolver = rowResolver({ store: table.store, duckdb: table.duckdb })

const micros = (text: string) => BigInt(Date.parse(text)) * 1000n

function struct(...fields: readonly Field[]): DataType {
  return { kind: 'struct', fields }
}

describe('valueRanges', () => {
  it('finds the ends of columns, through structs, lists and maps', async () => {
    const file = await table.write(`
      SELECT * FROM (VALUES
        (TIMESTAMP '2024-01-01', {'d': DATE '1500-01-01'}, [TIMESTAMP '2020-01-01', NULL], MAP {'a': TIMESTAMP '9999-12-31'}),
        (NULL, NULL, [], MAP {}),
        (TIMESTAMP '0001-01-01', {'d': NULL}, NULL, NULL),
        (TIMESTAMP '1999-01-01', {'d': DATE '2000-01-01'}, [TIMESTAMP '1000-01-01'], MAP {'b': NULL, 'c': TIMESTAMP '1970-01-01'})
      ) t(ts, s, l, m)`)
    const day = field('d', 'date', { id: 11 })
    const element = field('element', 'timestamp', { id: 12 })
    const key = field('key', 'string', { id: 13 })
    const value = field('value', 'timestamp', { id: 14 })
    const fields = [
      field('ts', 'timestamp', { id: 1 }),
      field('s', struct(day), { id: 2 }),
      field('l', { kind: 'list', element }, { id: 3 }),
      field('m', { kind: 'map', key, value }, { id: 4 }),
    ]
    const [ts, s, l, m] = fields as [Field, Field, Field, Field]
    const paths: FieldPath[] = [[ts], [s, day], [l, element], [m, value], [m, key]]
    expect(await resolver.valueRanges(snapshotOf(fields), file, paths)).toEqual([
      { least: micros('0001-01-01'), greatest: micros('2024-01-01') },
      {
        least: Date.parse('1500-01-01') / 86_400_000,
        greatest: Date.parse('2000-01-01') / 86_400_000,
      },
      { least: micros('1000-01-01'), greatest: micros('2020-01-01') },
      { least: micros('1970-01-01'), greatest: micros('9999-12-31') },
      { least: 'a', greatest: 'c' },
    ])
  })

  it('finds them below lists in lists and structs in lists', async () => {
    const file = await table.write(
      "SELECT [[TIMESTAMP '2001-01-01'], NULL, []] AS l, [{'t': TIMESTAMP '1801-01-01'}, NULL] AS r UNION ALL SELECT [[TIMESTAMP '2002-01-01', NULL]], [{'t': NULL}]",
    )
    const leaf = field('element', 'timestamp', { id: 21 })
    const inner = field('element', { kind: 'list', element: leaf }, { id: 22 })
    const t = field('t', 'timestamp', { id: 23 })
    const item = field('element', struct(t), { id: 24 })
    const l = field('l', { kind: 'list', element: inner }, { id: 25 })
    const r = field('r', { kind: 'list', element: item }, { id: 26 })
    expect(
      await resolver.valueRanges(snapshotOf([l, r]), file, [
        [l, inner, leaf],
        [r, item, t],
      ]),
    ).toEqual([
      { least: micros('2001-01-01'), greatest: micros('2002-01-01') },
      { least: micros('1801-01-01'), greatest: micros('1801-01-01') },
    ])
  })

  it('is null of a column without values, and of a file without rows', async () => {
    const ts = field('ts', 'timestamp', { id: 1 })
    for (const from of ['FROM range(3)', 'FROM range(0)']) {
      const file = await table.write(`SELECT NULL::TIMESTAMP AS ts ${from}`)
      expect(await resolver.valueRanges(snapshotOf([ts]), file, [[ts]])).toEqual([
        { least: null, greatest: null },
      ])
    }
  })

  it('reads the whole range of INT96, and leaves days in the calendar of their file', async () => {
    const folder = new URL('../../../../test/fixtures/real/', import.meta.url)
    const of = (path: string) => dataFile(fileURLToPath(new URL(path, folder)))
    const ts = field('ts', 'timestamptz', { id: 1 })
    const far = await resolver.valueRanges(
      snapshotOf([ts]),
      of('parquet/times-folder-mixed/table/a.parquet'),
      [[ts]],
    )
    expect(far).toEqual([
      {
        least: micros('9999-12-31T23:59:59.999Z') + 999n,
        greatest: micros('9999-12-31T23:59:59.999Z') + 999n,
      },
    ])
    const old = await resolver.valueRanges(
      snapshotOf([ts]),
      of('parquet/calendar-legacy-int96/table/part-0.parquet'),
      [[ts]],
    )
    // 0001-01-03 in the old calendar is two days earlier there.
    expect(old[0]!.least).toBe(micros('0001-01-01T12:34:56.789Z'))
  })
})
