import { describe, expect, it } from 'vitest'
import {
  civilDate,
  dateText,
  decimalText,
  epochDay,
  floorDivide,
  timestampText,
  timeText,
} from '../../src/index.js'

describe('days', () => {
  it('are those of the proleptic Gregorian calendar', () => {
    for (let days = -1_000_000; days <= 3_000_000; days += 997) {
      const date = new Date(days * 86_400_000)
      const found = civilDate(days)
      expect(found).toEqual({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
      expect(epochDay(found.year, found.month, found.day)).toBe(days)
      expect(dateText(days)).toBe(date.toISOString().split('T')[0])
    }
  })

  it.each([
    [2023, 2, 29],
    [1900, 2, 29],
    [2024, 4, 31],
    [2024, 0, 1],
    [2024, 13, 1],
    [2024, 1, 0],
  ])('%i-%i-%i is none', (year, month, day) => {
    expect(epochDay(year, month, day)).toBeUndefined()
  })

  it.each([
    [2_147_483_647, '+5881580-07-11'],
    [-719_529, '-000001-12-31'],
    [-719_528, '0000-01-01'],
  ])('%i is %s, where no Date may reach', (days, text) => {
    expect(dateText(days)).toBe(text)
  })
})

it.each([
  [0n, 6, '1970-01-01T00:00:00.000000'],
  [-1n, 6, '1969-12-31T23:59:59.999999'],
  [-1n, 9, '1969-12-31T23:59:59.999999999'],
  [1_709_210_096_123_456n, 6, '2024-02-29T12:34:56.123456'],
] as const)('writes %i with %i digits as %s', (value, digits, text) => {
  expect(timestampText(value, digits)).toBe(text)
})

it('writes a time of day', () => {
  expect(timeText(86_399_000_001n)).toBe('23:59:59.000001')
})

it.each([
  [-12345n, 2, '-123.45'],
  [5n, 3, '0.005'],
  [-7n, 0, '-7'],
])('writes %i at scale %i as %s', (unscaled, scale, text) => {
  expect(decimalText(unscaled, scale)).toBe(text)
})

it('divides down, below zero too', () => {
  expect([floorDivide(7n, 2n), floorDivide(-7n, 2n), floorDivide(-8n, 2n)]).toEqual([3n, -4n, -4n])
})
