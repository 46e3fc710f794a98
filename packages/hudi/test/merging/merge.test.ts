import type { Value } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import type { MergeRule } from '../../src/config/merge-rule.js'
import { LogMerge } from '../../src/merging/merge.js'
import { rules } from '../support/merge-rules.js'

type Step = readonly [key: string, ordering: Value | null | undefined, row: string | undefined]

/** The rows of a slice whose base file has `base`: key, ordering value, row. */
function merged(rule: MergeRule, base: readonly Step[], logs: readonly Step[]): readonly string[] {
  const merge = new LogMerge(rule)
  for (const [key, ordering, row] of logs) {
    merge.add(key, {
      recordKey: key,
      instant: '20260101000000000',
      ordering: ordering === undefined ? undefined : [ordering],
      ...(row === undefined ? {} : { row: [row] }),
    })
  }
  const rows = base.flatMap(([key, ordering, row], position) => {
    const record = merge.mergeBase(key, BigInt(position), () => [ordering ?? null])
    if (record === undefined) return [row!]
    return record.row === undefined ? [] : [String(record.row[0])]
  })
  return [
    ...rows,
    ...[...merge.inserts()].flatMap(record => (record === undefined ? [] : String(record.row![0]))),
  ].sort()
}

describe('merging log records', () => {
  // The outcomes of Spark's snapshot query over the golden tables.
  it.each<[string, MergeRule, readonly Step[], readonly Step[], readonly string[]]>([
    [
      'commit time: the later record wins',
      rules.commitTime,
      [['a', 10n, 'base']],
      [
        ['a', 20n, 'l20'],
        ['a', 15n, 'l15'],
      ],
      ['l15'],
    ],
    [
      'commit time: an insert after a delete counts',
      rules.commitTime,
      [['d', 10n, 'base']],
      [
        ['d', undefined, undefined],
        ['d', 2n, 'again'],
      ],
      ['again'],
    ],
    [
      'event time: the greater ordering value wins',
      rules.eventTime,
      [['a', 10n, 'base']],
      [
        ['a', 20n, 'l20'],
        ['a', 15n, 'l15'],
      ],
      ['l20'],
    ],
    [
      'event time: the base row may win',
      rules.eventTime,
      [['b', 10n, 'base']],
      [['b', 5n, 'old']],
      ['base'],
    ],
    [
      'event time: the later of equals wins',
      rules.eventTime,
      [['c', 10n, 'base']],
      [['c', 10n, 'tie']],
      ['tie'],
    ],
    [
      'event time: an older delete does nothing',
      rules.eventTime,
      [['b', 10n, 'base']],
      [['b', 5n, undefined]],
      ['base'],
    ],
    [
      'event time: a delete without ordering holds',
      rules.eventTime,
      [['b', 10n, 'base']],
      [['b', undefined, undefined]],
      [],
    ],
    [
      'event time: a newer delete holds against older records',
      rules.eventTime,
      [],
      [
        ['c', 99n, undefined],
        ['c', 50n, 'late'],
      ],
      [],
    ],
    [
      'event time: records after a natural delete count',
      rules.eventTime,
      [],
      [
        ['c', undefined, undefined],
        ['c', 50n, 'c-again'],
      ],
      ['c-again'],
    ],
    [
      'version 6 overwrite: logs among themselves go by ordering',
      rules.overwriteV6,
      [['a', 10n, 'base']],
      [
        ['a', 20n, 'l20'],
        ['a', 15n, 'l15'],
      ],
      ['l20'],
    ],
    [
      'version 6 overwrite: a log wins over the base whatever its ordering',
      rules.overwriteV6,
      [['b', 10n, 'base']],
      [['b', 5n, 'b5']],
      ['b5'],
    ],
    [
      'version 6 event time: a delete removes the base row whatever its ordering',
      rules.eventTimeV6,
      [['b', 10n, 'base']],
      [['b', 5n, undefined]],
      [],
    ],
    [
      'a key merges with the first row that has it',
      rules.commitTime,
      [
        ['a', 1n, 'first'],
        ['a', 1n, 'second'],
      ],
      [['a', 2n, 'new']],
      ['new', 'second'],
    ],
    [
      'rows of the logs alone are inserts',
      rules.eventTime,
      [],
      [
        ['x', 1n, 'x'],
        ['y', 1n, undefined],
      ],
      ['x'],
    ],
  ])('%s', (_, rule, base, logs, rows) => {
    expect(merged(rule, base, logs)).toEqual(rows)
  })

  it('refuses to order null and a value', () => {
    expect(() => merged(rules.eventTime, [['a', null, 'base']], [['a', 1n, 'log']])).toThrow(/null/)
  })
})
