import { describe, expect, test } from 'vitest'
import { readLevels } from '../../../src/parquet/pages/parquet-page.js'
import { finished } from '../../support/finished.js'
import { packed, repeated, runOf } from '../../support/hybrid-runs.js'

describe('levels of a page', () => {
  test('are counted and checked in steps', () => {
    const parts = [packed(40_000, 1, 0), repeated(200_001, 1, 1)]
    const expected = parts.flatMap(part => part.values)
    const out = new Uint8Array(expected.length)
    const range = { from: 0, count: expected.length }
    const { value, steps } = finished(
      readLevels(runOf(parts.flatMap(part => part.bytes)), 1, out, range),
    )
    expect(value).toBe(expected.filter(level => level === 1).length)
    expect(steps).toBeGreaterThan(6)
  })

  test('are refused where the last one is impossible', () => {
    const bytes = [...repeated(300_000, 2, 2).bytes, ...repeated(1, 2, 3).bytes]
    const out = new Uint8Array(300_001)
    const steps = readLevels(runOf(bytes), 2, out, { from: 0, count: out.length })
    expect(() => finished(steps)).toThrow('a level of 3, at most 2 is possible')
  })
})
