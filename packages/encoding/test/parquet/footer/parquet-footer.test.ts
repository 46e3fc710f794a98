import { readFileSync } from 'node:fs'
import {
  compareValues,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  leafKey,
  readValue,
  type Value,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import {
  footerStats,
  footerStatsTable,
  parquetFields,
  parquetReader,
  readParquetFooter,
  requireFooterRows,
} from '../../../src/index.js'
import { parseParquetMetadata } from '../../../src/parquet/footer/parquet-footer.js'
import { byteStore, parquetFixture } from '../../support/byte-store.js'

async function footerOf(name: string) {
  const { store, file } = byteStore(parquetFixture(`${name}.parquet`))
  return readParquetFooter(store, file)
}

describe('readParquetFooter', () => {
  it('says what the file holds', async () => {
    const footer = await footerOf('types-required')
    expect(footer.rowCount).toBe(160)
    expect(footer.rowGroups.map(({ rowCount }) => rowCount)).toEqual([64, 64, 32])
    expect(footer.createdBy).toMatch(/parquet-cpp/)
    expect([...footer.keyValue.keys()]).toEqual(['ARROW:schema'])
    expect(footer.rowGroups[0]!.byteOffset).toBe(4)
  })

  it.each(['types-required', 'types-snappy', 'types-v2-zstd'])(
    'gives bounds of %s that hold for every value of every row group',
    async name => {
      const bytes = parquetFixture(`${name}.parquet`)
      const { store, file } = byteStore(bytes)
      const footer = await readParquetFooter(store, file)
      const leaves = footer.leaves.map(({ path }) => path)
      let bounded = 0
      for await (const batch of parquetReader().read(store, file, { leaves })) {
        for (const [leaf, info] of footer.leaves.entries()) {
          const { column } = batch.leaves.get(leafKey(info.path))!
          const stats = footerStats(footer, leaf, { rowGroup: batch.rowGroup })
          const values = Array.from({ length: batch.length }, (_, row) =>
            readValue(column, row, info.type),
          )
          const real = values.filter(
            (value): value is Value => value !== null && !Number.isNaN(value),
          )
          const nulls = values.filter(value => value === null).length
          expect([info.path[0], stats.nullCount]).toEqual([info.path[0], nulls])
          expect((stats.holds & HOLDS_NULLS) !== 0).toBe(nulls > 0)
          if (nulls < values.length) expect(stats.holds & HOLDS_VALUES).toBe(HOLDS_VALUES)
          if (stats.lower === undefined || stats.upper === undefined) continue
          bounded++
          expect(real.every(value => compareValues(value, stats.lower!) >= 0)).toBe(true)
          expect(real.every(value => compareValues(value, stats.upper!) <= 0)).toBe(true)
          expect(real.some(value => compareValues(value, stats.lower!) === 0)).toBe(true)
        }
      }
      expect(bounded).toBeGreaterThan(20 * footer.rowGroups.length)
    },
  )

  it('keeps 64-bit integers and decimals exact', async () => {
    const footer = await footerOf('types-snappy')
    const leafOf = (name: string) => footer.leaves.findIndex(({ path }) => path[0] === name)
    const u64 = footerStats(footer, leafOf('u64'))
    expect(typeof u64.upper).toBe('bigint')
    expect((u64.upper as bigint) > 2n ** 63n).toBe(true)
    const wide = footerStats(footer, leafOf('d38'))
    expect((wide.upper as bigint) > 2n ** 64n).toBe(true)
  })

  it('says that a float column may hold NaN, and that an all-null column holds nothing else', async () => {
    const footer = await footerOf('types-snappy')
    const leafOf = (name: string) => footer.leaves.findIndex(({ path }) => path[0] === name)
    expect(footerStats(footer, leafOf('f64')).holds & HOLDS_NANS).toBe(HOLDS_NANS)
    expect(footerStats(footer, leafOf('nothing')).holds).toBe(HOLDS_NULLS)
  })

  it('gives INT96 and repeated leaves no bounds', async () => {
    expect(footerStats(await footerOf('int96'), 0)?.lower).toBeUndefined()
    const nested = await footerOf('nested')
    const leaf = nested.leaves.findIndex(({ path }) => path[0] === 'numbers')
    expect(footerStats(nested, leaf)).toEqual({ nullCount: Number.NaN, holds: 7 })
  })

  it('widens bounds to the type a column has now', async () => {
    const footer = await footerOf('types-required')
    const leaf = footer.leaves.findIndex(({ path }) => path[0] === 'i8')
    expect(footerStats(footer, leaf, { type: 'long' })).toMatchObject({ lower: -128n, upper: 127n })
    expect(
      footerStats(footer, leaf, { type: { kind: 'decimal', precision: 10, scale: 2 } }),
    ).toMatchObject({ lower: -12800n, upper: 12700n })
    expect(footerStats(footer, leaf, { type: 'string' })?.lower).toBeUndefined()
  })

  it('makes one row of statistics a file, unknown where there is no footer or no column', async () => {
    const footer = await footerOf('types-required')
    const table = footerStatsTable(
      [footer, undefined],
      [
        {
          fieldId: 7,
          type: 'int',
          leafOf: found => found.leaves.findIndex(l => l.path[0] === 'i8'),
        },
        { fieldId: 8, type: 'int', leafOf: () => undefined },
      ],
    )
    const [stats] = table.columns.get(7)!
    expect([...table.recordCount]).toEqual([160, Number.NaN])
    expect([readValue(stats!.lower!, 0, 'int'), readValue(stats!.lower!, 1, 'int')]).toEqual([
      -128,
      null,
    ])
    expect([...stats!.holds!]).toEqual([HOLDS_VALUES, 7])
    expect([...table.columns.get(8)![0]!.holds!]).toEqual([7, 7])
  })

  it('translates nested columns into fields', async () => {
    const fields = parquetFields(await footerOf('nested'))
    expect(fields.map(({ name, type }) => [name, typeof type === 'object' && type.kind])).toEqual([
      ['point', 'struct'],
      ['tags', 'map'],
      ['numbers', 'list'],
      ['pairs', 'list'],
    ])
  })

  it('names the file when it is missing', async () => {
    const { store } = byteStore(new Uint8Array(100))
    const file = { path: 's3://bucket/gone.parquet', size: 100 }
    await expect(readParquetFooter(store, file)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      context: { path: 's3://bucket/gone.parquet' },
    })
  })
})

it('has expectations for every Parquet fixture', () => {
  const url = new URL('../../../../../test/fixtures/parquet/expected.json', import.meta.url)
  expect(Object.keys(JSON.parse(readFileSync(url, 'utf8')))).toHaveLength(13)
})

describe('a damaged footer', () => {
  /** The Thrift struct of a file with one leaf and no row group: version, schema, rows, row groups. */
  const struct = {
    version: [0x15, 2],
    schema: [0x19, 0x2c, 0x48, 1, 0x72, 0x15, 2, 0, 0x15, 4, 0x25, 0, 0x18, 1, 0x61, 0],
    rows: [0x16, 0],
    groups: [0x19, 0x0c],
  }
  const footer = (parts: Partial<Record<keyof typeof struct, readonly number[]>>, end = [0]) =>
    Uint8Array.from([...Object.values({ ...struct, ...parts }).flat(), ...end])
  const parse = (bytes: Uint8Array) => parseParquetMetadata(bytes, 's3://b/a.parquet')

  it('is none where it is whole', () => {
    expect(parse(footer({})).footer.leaves.map(({ path }) => path)).toEqual([['a']])
  })

  // `update_file_custom_metadata` of fastparquet writes over the old footer, and never cuts the file.
  const magic = [0x50, 0x41, 0x52, 0x31]
  const whole = [...footer({})]
  const residue = [0x61, 0x72, 0x71, 0x75, 0x65, 0x74, 0]

  it.each([
    { behind: [...magic, ...residue], length: whole.length, isGood: true },
    { behind: magic, length: whole.length, isGood: true },
    { behind: [...magic, ...residue], length: whole.length + 1, isGood: false },
    { behind: [0x50, 0x41, 0x52, 0x32, ...residue], length: whole.length, isGood: false },
    { behind: magic.slice(0, 3), length: whole.length, isGood: false },
  ])('behind which its own trailer stands is whole: $behind, $length', given => {
    const bytes = Uint8Array.from([...whole, given.length, 0, 0, 0, ...given.behind])
    const checks = [() => parse(bytes), () => requireFooterRows(bytes, 's3://b/a.parquet')]
    for (const check of checks) {
      if (given.isGood) expect(check).not.toThrow()
      else expect(check).toThrow(/bytes before its footer does/)
    }
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['bytes behind its end', footer({}, [0, 0, 0]), /ends 2 bytes before its footer does/],
    ['no row groups', footer({ groups: [] }), /no list of row groups/],
    ['no row count', footer({ rows: [], groups: [0x29, 0x0c] }), /row count/],
    ['rows that its row groups do not have', footer({ rows: [0x16, 4] }), /says 2 rows/],
    [
      'a column without a name',
      footer({ schema: [0x19, 0x2c, 0x48, 1, 0x72, 0x15, 2, 0, 0x15, 4, 0x25, 0, 0] }),
      /without a name/,
    ],
  ])('with %s is refused', (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(message)
  })

  it.each<[string, Uint8Array, boolean]>([
    ['is whole', footer({}), true],
    ['has bytes behind its end', footer({}, [0, 0, 0]), false],
    ['has a signature behind its end', footer({}, [0x4c, 0x1c, 0, 0, 0, 1, 2, 3]), true],
    ['says rows that its row groups do not have', footer({ rows: [0x16, 4] }), false],
    ['lost its row groups', footer({ rows: [0x16, 4], groups: [] }), false],
    [
      'says no rows where a row group has some',
      footer({ groups: [0x19, 0x1c, 0x36, 4, 0] }),
      false,
    ],
    [
      'has row groups with its rows',
      footer({ rows: [0x16, 4], groups: [0x19, 0x1c, 0x36, 4, 0] }),
      true,
    ],
    [
      'has rows of no columns',
      footer({ schema: [0x19, 0x1c, 0x48, 1, 0x72, 0], rows: [0x16, 4] }),
      true,
    ],
    ['ends early', footer({}, []), false],
  ])('%s, for readers that go by its row groups', (_, bytes, isGood) => {
    const check = () => requireFooterRows(bytes, 's3://b/a.parquet')
    if (isGood) expect(check).not.toThrow()
    else expect(check).toThrow(/a\.parquet/)
  })
})
