import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePath, qualify, resolvePath } from '../src/actions/data-path.js'
import { formatDecimal, parseDecimal, rescale } from '../src/values/decimal.js'
import { formatDate, formatMillis, parseDate, parseTimestamp } from '../src/values/temporal.js'

const seeded = { seed: 20261122, numRuns: 1000 }

describe('dates and timestamps', () => {
  it('agree with the platform on every day of four thousand years', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_000, max: 2_900_000 }), days => {
        const text = new Date(days * 86_400_000).toISOString().slice(0, 10)
        expect([parseDate(text), formatDate(days)]).toEqual([days, text])
      }),
      seeded,
    )
  })

  it('agree with the platform on every millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }), millis => {
        const text = new Date(millis).toISOString()
        const micros = BigInt(millis) * 1000n
        expect([parseTimestamp(text), `${formatMillis(micros)}Z`]).toEqual([
          { micros, zone: 'utc' },
          text,
        ])
      }),
      seeded,
    )
  })

  it.each([
    ['2024-01-02', { micros: 1704153600000000n, zone: 'none' }],
    ['2024-01-02 12:30', { micros: 1704198600000000n, zone: 'none' }],
    ['2024-01-02T12:30:00.123456789Z', { micros: 1704198600123456n, zone: 'utc' }],
    ['2024-01-02T12:30:00+0130', { micros: 1704193200000000n, zone: 'offset' }],
    ['2024-01-02T12:30:00-00:00:30', { micros: 1704198630000000n, zone: 'offset' }],
    ['+12024-01-02T00:00:00Z', { micros: 317273673600000000n, zone: 'utc' }],
    ['2024-01-02T24:00:00Z', undefined],
    ['2024-02-30T00:00:00Z', undefined],
    ['2024-01-02T00:00:00 Europe/Paris', undefined],
    ['today', undefined],
  ])('%s', (text, expected) => {
    expect(parseTimestamp(text)).toEqual(expected)
  })

  it('formats years of more than four digits so that they are read again', () => {
    for (const days of [3_000_000, -800_000]) expect(parseDate(formatDate(days))).toBe(days)
  })
})

describe('decimals', () => {
  it('come back from their text', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        fc.nat(38),
        (unscaled, scale) => {
          expect(parseDecimal(formatDecimal(unscaled, scale), scale)).toEqual({
            floor: unscaled,
            ceiling: unscaled,
          })
        },
      ),
      seeded,
    )
  })

  it.each([
    ['-1.25', 1, -13n, -12n],
    ['1.25', 1, 12n, 13n],
    ['1.2e2', 0, 120n, 120n],
    ['125e-2', 1, 12n, 13n],
  ])('%s at scale %i', (text, scale, floor, ceiling) => {
    expect(parseDecimal(text, scale)).toEqual({ floor, ceiling })
  })

  it.each(['', '1.2.3', '0x1', '1e99999', '9'.repeat(1000), 'NaN'])('%s is none', text => {
    expect(parseDecimal(text, 2)).toBeUndefined()
  })

  it('change their scale outward', () => {
    expect([rescale(-125n, 2, 1), rescale(12n, 1, 3)]).toEqual([
      { floor: -13n, ceiling: -12n },
      { floor: 1200n, ceiling: 1200n },
    ])
  })
})

describe('paths', () => {
  it.each([
    ['a%20b', 'a b'],
    ['a%2520b', 'a%20b'],
    ['a+b', 'a+b'],
    ['100%', '100%'],
    ['%C3%A9', 'é'],
    ['%FF', '%FF'],
  ])('%s is decoded once', (recorded, name) => {
    expect(decodePath(recorded)).toBe(name)
  })

  it.each([
    ['s3://b/t', '/x/y', 's3://b/x/y'],
    ['file:///t', '/x/y', 'file:///x/y'],
    ['file:///t', 'file:/x/y', 'file:///x/y'],
    ['/t', '/x/y', '/x/y'],
    ['s3://b/t', 'gs://c/x', 'gs://c/x'],
  ])('from %s, %s is %s', (location, path, qualified) => {
    expect(qualify(location, path)).toBe(qualified)
  })

  it.each([
    ['day=1/a%3Db', 's3://b/t/day=1/a=b'],
    ['s3://old/t/a', 's3://b/t/a'],
    ['s3://old/t2/a', 's3://old/t2/a'],
    ['s3://older/x/a', 's3://new/x/a'],
    ['run%3A2024.parquet', 's3://b/t/run:2024.parquet'],
    ['at%3A12/run%3A2024.parquet', 's3://b/t/at:12/run:2024.parquet'],
    ['run:2024.parquet', 's3://b/t/run:2024.parquet'],
    ['at=12:30/run:2024.parquet', 's3://b/t/at=12:30/run:2024.parquet'],
    ['s3%3A//old/t/a', 's3://b/t/s3://old/t/a'],
  ])('%s lies at %s', (recorded, path) => {
    const rebase = [
      { from: 's3://old/t/', to: '.' },
      { from: 's3://older', to: 's3://new' },
    ]
    expect(resolvePath({ location: 's3://b/t/', rebase }, recorded)).toBe(path)
  })
})
