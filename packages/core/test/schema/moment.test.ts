import { outerMicros, parseDate, parseMoment, parseTime } from '@spillway/core'
import { describe, expect, it } from 'vitest'

const SECOND = 1_000_000_000n

describe('parseDate', () => {
  it.each([
    ['1970-01-01', 0],
    ['1969-12-31', -1],
    ['2026-01-03', 20456],
    ['2024-02-29', 19782],
    ['0001-01-01', -719162],
    ['9999-12-31', 2932896],
  ])('reads %s', (text, days) => {
    expect(parseDate(text)).toBe(days)
  })

  it.each([
    '2023-02-29',
    '2026-13-01',
    '2026-00-10',
    '0000-01-01',
    '2026-1-3',
    '+2026-01-03',
    ' 2026-01-03',
    '',
  ])('refuses %j', text => {
    expect(parseDate(text)).toBeUndefined()
  })
})

describe('outerMicros', () => {
  it.each([
    [1000n, 1n, 1n],
    [1001n, 1n, 2n],
    [1999n, 1n, 2n],
    [0n, 0n, 0n],
    [-1n, -1n, 0n],
    [-1000n, -1n, -1n],
    [-1001n, -2n, -1n],
    [2n ** 63n - 1n, 9_223_372_036_854_775n, 9_223_372_036_854_776n],
    [-(2n ** 63n), -9_223_372_036_854_776n, -9_223_372_036_854_775n],
  ])('has %s ns between %s and %s', (nanos, lower, upper) => {
    expect([outerMicros(nanos, 'lower'), outerMicros(nanos, 'upper')]).toEqual([lower, upper])
  })
})

describe('parseMoment', () => {
  it.each<readonly [string, bigint, boolean]>([
    ['1970-01-01', 0n, false],
    ['1970-01-01 00:00:01', SECOND, false],
    ['1970-01-01T00:01', 60n * SECOND, false],
    ['1970-01-01 00:00:00.5', SECOND / 2n, false],
    ['1970-01-01 00:00:00.000000001Z', 1n, true],
    ['1969-12-31T23:59:59.999Z', -1_000_000n, true],
    ['1970-01-01T01:00:00+01:00', 0n, true],
    ['1970-01-01T01:00:00+0100', 0n, true],
    ['1970-01-01T01:00+01', 0n, true],
    ['1969-12-31 16:00:00-08:00', 0n, true],
  ])('reads %s', (text, nanos, zoned) => {
    expect(parseMoment(text)).toMatchObject({ nanos, zoned })
  })

  it('keeps what the clock of an offset showed', () => {
    expect(parseMoment('1970-01-01T05:30:00+05:30')).toEqual({
      nanos: 0n,
      zoned: true,
      local: 19_800n * SECOND,
    })
  })

  it.each([
    '1970-01-01 24:00:00',
    '1970-01-01 23:60:00',
    '1970-01-01 23:59:60',
    '1970-01-01 1:00:00',
    '1970-01-01 00:00:00.',
    '1970-01-01 00:00:00.1234567890',
    '1970-01-01 00:00:00 Z',
    '1970-01-01 00:00:00+19:00',
    '1970-01-01 00:00:00+1',
    '1970-01-01Z',
    '1970-01-01_00:00:00',
    '1970-01-01 00',
  ])('refuses %j', text => {
    expect(parseMoment(text)).toBeUndefined()
  })
})

describe('parseTime', () => {
  it('reads microseconds and refuses what is finer', () => {
    expect(parseTime('23:59:59.999999')).toBe(86_399_999_999n)
    expect(parseTime('00:00:00.0000001')).toBeUndefined()
  })
})
