import {
  type Column,
  columnBuilder,
  compareValues,
  createSchema,
  DictionaryBuilder,
  HOLDS_VALUES,
  isIn,
  not,
  type PrimitiveType,
  readValue,
  type StatsTable,
  selectAll,
  type Value,
} from '@spillway/core'
import { bind, prune, rewriteNot } from '@spillway/planner'
import { COMPARABLE_TYPES, interestingValues, Random } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { type Interval, keepWithin, type Limit } from '../../src/prune/kernels.js'
import { rawOf } from '../../src/prune/raw-value.js'
import { field } from '../support/one-column.js'

const LENGTH = 40

function randomColumn(type: PrimitiveType, random: Random): Column {
  const builder = random.chance(0.5) ? columnBuilder(type)! : new DictionaryBuilder(type)
  const nulls = random.pick([0, 0.3])
  for (let row = 0; row < LENGTH; row++) {
    builder.append(random.chance(nulls) ? null : random.pick(interestingValues(type)))
  }
  return builder.finish()
}

function randomHolds(random: Random): Uint8Array {
  return Uint8Array.from({ length: LENGTH }, () => random.integer(0, 7))
}

/** Said again, one row at a time, over values: a bound that is missing proves nothing. */
function mayMeet(
  { lower, upper }: { lower: Value | null; upper: Value | null },
  least: { value: Value; open: boolean } | undefined,
  greatest: { value: Value; open: boolean } | undefined,
): boolean {
  if (greatest !== undefined && lower !== null) {
    const order = compareValues(lower, greatest.value)
    if (order > 0 || (greatest.open && order === 0)) return false
  }
  if (least !== undefined && upper !== null) {
    const order = compareValues(upper, least.value)
    if (order < 0 || (least.open && order === 0)) return false
  }
  return true
}

describe('keepWithin', () => {
  it.each(COMPARABLE_TYPES.map(type => ({ name: JSON.stringify(type), type })))(
    'agrees with values compared one by one: $name',
    ({ type }) => {
      const random = new Random(5)
      for (let round = 0; round < 150; round++) {
        const shared = random.chance(0.3)
        const lower = randomColumn(type, random)
        const upper = shared ? lower : randomColumn(type, random)
        const holds = random.chance(0.5) ? randomHolds(random) : undefined
        const end = () =>
          random.chance(0.3)
            ? undefined
            : { value: random.pick(interestingValues(type)), open: random.chance(0.5) }
        const least = end()
        const greatest = end()
        const rows = selectAll(LENGTH).filter(() => random.chance(0.8))
        const raw = (limit: { value: Value; open: boolean }): Limit => ({
          value: rawOf(limit.value, type),
          open: limit.open,
        })
        const interval: Interval = {
          ...(least && { least: raw(least) }),
          ...(greatest && { greatest: raw(greatest) }),
        }
        const bounds = { lower, upper, ...(holds && { holds }) }
        const kept = keepWithin(bounds, interval, HOLDS_VALUES, rows)
        const expected = rows.filter(row => {
          if (holds !== undefined && (holds[row]! & HOLDS_VALUES) === 0) return false
          const at = { lower: readValue(lower, row, type), upper: readValue(upper, row, type) }
          return mayMeet(at, least, greatest)
        })
        expect([...kept]).toEqual([...expected])
      }
    },
  )
})

describe('lists', () => {
  it.each(COMPARABLE_TYPES.map(type => ({ name: JSON.stringify(type), type })))(
    'agree with members compared one by one: $name',
    ({ type }) => {
      const random = new Random(6)
      const schema = createSchema([field(1, 'c', type)])
      for (let round = 0; round < 150; round++) {
        const lower = randomColumn(type, random)
        const upper = random.chance(0.3) ? lower : randomColumn(type, random)
        const holds = new Uint8Array(LENGTH).fill(HOLDS_VALUES)
        const stats: StatsTable = {
          length: LENGTH,
          recordCount: new Float64Array(LENGTH).fill(1),
          columns: new Map([[1, [{ lower, upper, holds }]]]),
        }
        const members = Array.from({ length: random.integer(1, 6) }, () =>
          random.pick(interestingValues(type)),
        )
        const list = isIn(
          'c',
          members.map(value => ({ value, type })),
        )
        const run = (predicate: typeof list) => [
          ...prune(rewriteNot(bind(predicate, schema).predicate), stats, selectAll(LENGTH)),
        ]
        const at = (row: number) => ({
          lower: readValue(lower, row, type),
          upper: readValue(upper, row, type),
        })
        const within = (row: number) =>
          members.some(value => {
            const end = { value, open: false }
            return mayMeet(at(row), end, end)
          })
        const isMember = (row: number) => {
          const { lower: from, upper: to } = at(row)
          if (from === null || to === null || compareValues(from, to) !== 0) return false
          return members.some(value => compareValues(value, from) === 0)
        }
        const every = [...selectAll(LENGTH)]
        expect(run(list)).toEqual(every.filter(within))
        expect(run(not(list))).toEqual(every.filter(row => !isMember(row)))
      }
    },
  )

  it('compare long texts with a common beginning beyond what fits a number', () => {
    const text = (tail: string) => `https://example.org/a/rather/long/path/${tail}`
    const type = 'string'
    const schema = createSchema([field(1, 'c', type)])
    const builder = columnBuilder(type)!
    const tails = ['', 'a', 'abcdef', 'abcdefa', 'abcdefb', 'abcdefc', 'b', '\0', 'abcdef\0']
    for (const tail of tails) builder.append(text(tail))
    const column = builder.finish()
    const stats: StatsTable = {
      length: tails.length,
      recordCount: new Float64Array(tails.length).fill(1),
      columns: new Map([[1, [{ lower: column, upper: column }]]]),
    }
    const list = isIn('c', ['abcdefb', 'abcdefc', 'abcdef', '\0'].map(text))
    const kept = prune(rewriteNot(bind(list, schema).predicate), stats, selectAll(tails.length))
    expect(Array.from(kept, row => tails[row])).toEqual(['abcdef', 'abcdefb', 'abcdefc', '\0'])
  })
})
