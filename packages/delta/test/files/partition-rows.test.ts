import type { Field } from '@spillway/core'
import { expect, it } from 'vitest'
import { partitionRows } from '../../src/files/partition-rows.js'
import { TypedPartition } from '../../src/partitions/typed-partition.js'

const FIELDS: readonly Field[] = [
  { id: 1, name: 'day', physicalName: 'col-1', type: 'date', nullable: true },
  { id: 2, name: 'note', physicalName: 'note', type: 'string', nullable: true },
]
const DAYS = [undefined, '2026-01-03', null, '', '2026-1-3']
const NOTES = [undefined, 'a', '', null, '\u0000"\n', '__HIVE_DEFAULT_PARTITION__']
/** Every pair of texts, and then every other in another order: neighbours differ in one column, in both, and in none. */
const ROWS = Array.from({ length: 120 }, (_, i) =>
  i < 60 ? [i % 5, (i >> 1) % 6] : [(i * 7) % 5, (i >> 2) % 6],
)

function columns(): readonly TypedPartition[] {
  const typed = (texts: typeof NOTES | typeof DAYS, at: 0 | 1) =>
    new TypedPartition(
      { codes: Uint32Array.from(ROWS, codes => codes[at]!), texts },
      { type: FIELDS[at]!.type },
    )
  return [typed(DAYS, 0), typed(NOTES, 1)]
}

it('gives of every row what its own values say, whatever rows came before', () => {
  const [day, note] = columns()
  const partitionOf = partitionRows([day!, note!], { partitionFields: FIELDS })
  const rows = ROWS.flatMap((_, row) => [row, row])
  const wanted = rows.map(row => ({
    partition: [day!.at(row).value, note!.at(row).value],
    spelled: new Map([
      ['col-1', day!.at(row).spelled],
      ['note', note!.at(row).spelled],
    ]),
  }))
  expect(rows.map(partitionOf)).toEqual(wanted)
})

it('gives the same object while the values stay the same, and one for all of a table without partitions', () => {
  const partitionOf = partitionRows(columns(), { partitionFields: FIELDS })
  expect(partitionOf(3)).toBe(partitionOf(3))
  const whole = partitionRows([], { partitionFields: [] })
  expect(whole(0)).toEqual({ partition: [], spelled: new Map() })
  expect(whole(7)).toBe(whole(0))
})

it('refuses a row with a text that is no value, as its column does', () => {
  const day = new TypedPartition(
    { codes: Uint32Array.of(0, 1, 0), texts: ['2026-01-03', 'no day'] },
    { type: 'date' },
  )
  const partitionOf = partitionRows([day], { partitionFields: FIELDS.slice(0, 1) })
  expect(partitionOf(0).partition).toEqual([20456])
  expect(() => partitionOf(1)).toThrowError('cannot be read')
  expect(partitionOf(2).partition).toEqual([20456])
})
