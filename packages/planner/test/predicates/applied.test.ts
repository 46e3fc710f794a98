import {
  and,
  createSchema,
  eq,
  gt,
  isNull,
  literal,
  not,
  or,
  type Predicate,
  unknown,
} from '@spillway/core'
import { expect, it } from 'vitest'
import { bind, rewriteNot } from '../../src/index.js'
import { appliedParts } from '../../src/predicates/applied.js'

const schema = createSchema([
  { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true },
  { id: 2, name: 'day', physicalName: 'day', type: 'date', nullable: true },
])
const id = 'id'
const one = literal(1n)
const applied = (predicate: Predicate) =>
  appliedParts(rewriteNot(bind(predicate, schema).predicate))

it.each<readonly [string, Predicate, readonly string[]]>([
  ['nothing', { kind: 'alwaysTrue' }, []],
  ['one condition', eq(id, one), ['id = 1']],
  ['the operands of an AND', and(eq(id, one), isNull('day')), ['id = 1', 'day IS NULL']],
  ['what is known of an AND', and(eq(id, one), unknown('a function')), ['id = 1']],
  ['what is known of nested ANDs', and(and(gt(id, one), unknown('x')), unknown('y')), ['id > 1']],
  ['no OR of which a part is unknown', or(eq(id, one), unknown('a function')), []],
  ['an OR that is known', or(eq(id, one), gt(id, one)), ['id = 1 OR id > 1']],
  ['a negation, turned round', not(gt(id, one)), ['id <= 1']],
  ['no column that is not there', eq('nothing', one), []],
])('lists %s', (_, predicate, expected) => {
  expect(applied(predicate)).toEqual(expected)
})

it('never lists more than a hundred', () => {
  const many = Array.from({ length: 500 }, (_, index) => gt(id, literal(BigInt(index))))
  expect(applied({ kind: 'and', operands: many })).toHaveLength(100)
})
