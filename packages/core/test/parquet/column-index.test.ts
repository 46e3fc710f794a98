import { describe, expect, it } from 'vitest'
import { columnIndex } from '../../src/parquet/column-index.js'

describe('an index of columns', () => {
  const columns = [
    { name: 'a', fieldId: 1 },
    { name: 'A', fieldId: 2 },
    { name: 'a', fieldId: 1 },
    { name: 'b' },
  ]

  it('finds the first by id and by name, and all of a name in any case', () => {
    const index = columnIndex(columns)
    expect([index.withId(1), index.withId(2), index.withId(3)]).toEqual([0, 1, undefined])
    expect([index.named('a'), index.named('A'), index.named('B')]).toEqual([0, 1, undefined])
    expect([index.alike('A'), index.alike('B'), index.alike('c')]).toEqual([[0, 1, 2], [3], []])
  })

  it('is made once of the same columns', () => {
    expect(columnIndex(columns)).toBe(columnIndex(columns))
    expect(columnIndex([...columns])).not.toBe(columnIndex(columns))
  })
})
