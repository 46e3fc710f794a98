import { type DataType, HOLDS_NANS, HOLDS_NULLS, HOLDS_VALUES, type Value } from '@spillway/core'
import { icebergBytes } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import {
  type FieldSummary,
  rangesAdmit,
  summaryRange,
  summaryRanges,
} from '../../src/partition/partition-summary.js'

function uuid(first: number, ninth: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? first : i === 8 ? ninth : 1))
}

const int = (value: number) => icebergBytes(value, 'int')
const float = (value: number) => icebergBytes(value, 'float')

describe('the summary of a partition field', () => {
  const one = (value: Value, type: DataType) => icebergBytes(value, type)

  it.each<[string, DataType, FieldSummary, ReturnType<typeof summaryRange>]>([
    [
      'with both bounds',
      'int',
      { containsNull: false, lower: int(1), upper: int(2) },
      { holds: HOLDS_VALUES, lower: 1, upper: 2 },
    ],
    [
      'with nulls',
      'int',
      { containsNull: true, lower: int(1), upper: int(1) },
      { holds: HOLDS_VALUES | HOLDS_NULLS, lower: 1, upper: 1 },
    ],
    ['of nulls alone', 'int', { containsNull: true }, { holds: HOLDS_NULLS }],
    ['of NaN alone', 'float', { containsNull: false, containsNan: true }, { holds: HOLDS_NANS }],
    [
      'of a float that does not say whether it has NaN',
      'float',
      { containsNull: false, lower: float(1), upper: float(2) },
      { holds: HOLDS_VALUES | HOLDS_NANS, lower: 1, upper: 2 },
    ],
    ['that says nothing', 'int', { containsNull: false }, undefined],
    [
      'of no type',
      { kind: 'opaque', name: 'variant' },
      { containsNull: false, lower: int(1) },
      { holds: HOLDS_VALUES },
    ],
    [
      'whose bounds contradict',
      'int',
      { containsNull: false, lower: int(2), upper: int(1) },
      { holds: HOLDS_VALUES },
    ],
    [
      'of several UUIDs',
      'uuid',
      { containsNull: false, lower: uuid(1, 1), upper: uuid(2, 1) },
      { holds: HOLDS_VALUES },
    ],
    [
      'of one UUID',
      'uuid',
      { containsNull: false, lower: uuid(1, 1), upper: uuid(1, 1) },
      { holds: HOLDS_VALUES, lower: uuid(1, 1), upper: uuid(1, 1) },
    ],
  ])('%s', (_what, type, summary, range) => {
    expect(summaryRange(summary, type)).toEqual(range)
  })

  it.each<[readonly (Value | null)[], boolean]>([
    [[2, 'b'], true],
    [[4, 'b'], false],
    [[2, 'd'], false],
    [[null, 'b'], false],
    [[2, null], true],
  ])('admits the tuple %o: %s', (tuple, expected) => {
    const summaries: readonly FieldSummary[] = [
      { containsNull: false, lower: int(1), upper: int(3) },
      { containsNull: true, lower: one('a', 'string'), upper: one('c', 'string') },
    ]
    expect(rangesAdmit(summaryRanges(summaries, ['int', 'string']), tuple)).toBe(expected)
  })

  it('admits every tuple of another length', () => {
    expect(rangesAdmit(summaryRanges([], ['int']), [5])).toBe(true)
    expect(rangesAdmit(summaryRanges(undefined, ['int']), [5])).toBe(true)
  })
})
