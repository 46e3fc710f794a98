import { fileURLToPath } from 'node:url'
import { type Field, gtEq, lt } from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import { describe, expect, it } from 'vitest'
import { type CalendarZone, rebased } from '../../src/sql/old-calendar-sql.js'
import { dataFile, field, rowFixture, snapshotOf } from '../support/fixture.js'

const table = rowFixture()

/** The number since 1970 of a day of the Julian calendar (Meeus, "Astronomical Algorithms", chapter 7). */
function julianDay(year: number, month: number, day: number): number {
  const [y, m] = month > 2 ? [year, month] : [year - 1, month + 12]
  const number = Math.floor(365.25 * (y + 4716)) + Math.floor(30.6001 * (m + 1)) + day - 1524
  return number - 2_440_588
}

const pad = (value: number, length: number) => String(value).padStart(length, '0')

/** Days of every century, with both ends of February in each of its kinds of year. */
function* oldDays(): Generator<readonly [year: number, month: number, day: number]> {
  for (let year = 1; year <= 1582; year += year % 100 > 3 && year % 100 < 96 ? 31 : 1) {
    for (const [month, day] of [
      [1, 1],
      [2, 28],
      [3, 1],
      [10, 4],
      [12, 31],
    ] as const) {
      if (year < 1582 || month <= 10) yield [year, month, day]
    }
  }
}

async function evaluated(values: readonly string[], type: string, zone: CalendarZone) {
  const connection = await table.duckdb.connect()
  const list = values.map(value => `(${value})`).join(', ')
  const sql = `SELECT CAST(${rebased('v', type, zone)} AS VARCHAR) FROM (VALUES ${list}) t(v)`
  return connection.all(`SET TimeZone = 'UTC'; ${sql}`).finally(() => connection.close())
}

describe('days of the hybrid calendar', () => {
  it('keep their names, dates as well as moments', async () => {
    const days = [...oldDays()]
    const numbers = days.map(each => julianDay(...each))
    const names = days.map(
      ([year, month, day]) => `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`,
    )
    const dates = numbers.map(number => `DATE '1970-01-01' + (${number})`)
    expect((await evaluated(dates, 'DATE', 'utc')).flat()).toEqual(names)
    const lastMicros = numbers.map(
      number => `make_timestamptz(${BigInt(number + 1) * 86_400_000_000n - 1n})`,
    )
    expect((await evaluated(lastMicros, 'TIMESTAMPTZ', 'utc')).flat()).toEqual(
      names.map(name => `${name} 23:59:59.999999+00`),
    )
  })

  it('are those of the new one from 1582-10-15 on', async () => {
    const modern = ["DATE '1582-10-15'", "DATE '1970-01-01'", "DATE '9999-12-31'", 'NULL']
    expect((await evaluated(modern, 'DATE', 'utc')).flat()).toEqual([
      '1582-10-15',
      '1970-01-01',
      '9999-12-31',
      null,
    ])
  })

  it('are refused where only the rules of a zone tell them, and before the year 1', async () => {
    const moments = ["TIMESTAMPTZ '1899-12-31 23:59:59+00'"]
    const unsupported = { code: 'UNSUPPORTED_FEATURE', message: expect.stringMatching(/Spark 2/) }
    await expect(evaluated(moments, 'TIMESTAMPTZ', 'other')).rejects.toMatchObject(unsupported)
    const recent = ["TIMESTAMPTZ '1900-01-01 00:00:00+00'"]
    expect(await evaluated(recent, 'TIMESTAMPTZ', 'other')).toEqual([['1900-01-01 00:00:00+00']])
    await expect(evaluated(["DATE '1970-01-01' + (-719165)"], 'DATE', 'utc')).rejects.toMatchObject(
      unsupported,
    )
  })
})

describe("a file that says it is in Spark's old calendar", () => {
  const fields: readonly Field[] = [
    field('id', 'long'),
    field('d', 'date'),
    field('ts', 'timestamptz'),
  ]
  const snapshot = snapshotOf(fields)
  const fixture = (name: string) =>
    dataFile(
      fileURLToPath(
        new URL(`../../../../test/fixtures/real/parquet/${name}.parquet`, import.meta.url),
      ),
    )
  const old = [
    ['0', '0001-01-03', '0001-01-03T12:34:56.789000Z'],
    ['1', '1000-01-01', '1000-01-01T12:34:56.789000Z'],
    ['2', '1582-10-04', '1582-10-04T12:34:56.789000Z'],
  ]
  const recent = [
    ['3', '1582-10-15', '1582-10-15T12:34:56.789000Z'],
    ['4', '2024-02-29', '2024-02-29T12:34:56.789000Z'],
    ['5', null, null],
  ]

  it('is read as Spark reads it, by INT96 as well', async () => {
    const whole = fixture('calendar-legacy/table/part-0')
    expect(await table.rows(snapshot, [whole])).toEqual([...old, ...recent])
    const files = [0, 1].map(part => fixture(`calendar-legacy-int96/table/part-${part}`))
    expect(await table.rows(snapshot, files)).toEqual([...old, ...recent])
  })

  it('is chosen from by what its values mean, whatever its bounds say', async () => {
    const whole = fixture('calendar-legacy/table/part-0')
    const before = lt('d', { value: -141_427, type: 'date' })
    const first = gtEq('d', { value: -718_000, type: 'date' })
    expect(await table.rows(snapshot, [whole], { where: before })).toEqual(old)
    expect(await table.rows(snapshot, [whole], { where: first })).toHaveLength(4)
    const footer = await readParquetFooter(table.store, whole)
    expect([...footer.oldCalendar]).toEqual([1, 2])
    expect(footer.rowGroups[0]!.columns[1]).not.toHaveProperty('min')
    const modern = await readParquetFooter(
      table.store,
      fixture('calendar-legacy-recent/table/part-0'),
    )
    expect([...modern.oldCalendar]).toEqual([])
    expect(modern.rowGroups[0]!.columns[1]).toHaveProperty('min')
  })
})
