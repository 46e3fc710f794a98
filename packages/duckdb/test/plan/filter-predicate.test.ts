import type { JsonValue } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { filterPredicate } from '../../src/plan/filter-predicate.js'

/** Columns `t_c0` and `t_c1`, both of integers. */
const columnOf = (name: string) => {
  const position = /^t_c([01])$/.exec(name)?.[1]
  if (position === undefined) return undefined
  const own = `c${position}`
  return [
    { id: Number(position), name: own, physicalName: own, type: 'long', nullable: true },
  ] as const
}
const column = (name: string) => ({
  class: 'COLUMN_REF',
  type: 'COLUMN_REF',
  column_names: [name],
})
const integer = (value: number) => ({
  class: 'CONSTANT',
  type: 'VALUE_CONSTANT',
  value: { type: { id: 'INTEGER', type_info: null }, is_null: false, value },
})
const called = (name: string, ...children: readonly JsonValue[]) => ({
  class: 'FUNCTION',
  type: 'FUNCTION',
  function_name: name,
  children,
})
const equal = (left: JsonValue, right: JsonValue) => ({
  class: 'COMPARISON',
  type: 'COMPARE_EQUAL',
  left,
  right,
})

const kindOf = (tree: JsonValue) => filterPredicate(tree, columnOf).kind

describe('a filter that DuckDB spells as we know it', () => {
  it.each<[string, JsonValue]>([
    ['comparison', equal(column('t_c0'), integer(3))],
    [
      'and',
      equal(called('row', column('t_c0'), column('t_c1')), called('row', integer(3), integer(4))),
    ],
    ['in', called('contains', called('list_value', integer(3), integer(4)), column('t_c0'))],
    ['alwaysFalse', called('contains', called('list_value'), column('t_c0'))],
  ])('is %s', (kind, tree) => {
    expect(kindOf(tree)).toBe(kind)
  })
})

/**
 * Another DuckDB may spell its trees otherwise: 2.0 has a constant as `literal` and the arguments of a function as `arguments`. What is
 * then not found is unknown, never none: an OR of nothing would be true of no row.
 */
describe('a filter whose parts are not where they are expected is unknown', () => {
  const argument = (expression: JsonValue) => ({ name: '', expression })
  const literal = (text: string) => ({
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    literal: { kind: 'INTEGER', text },
  })
  const calledIn2 = (name: string, ...values: readonly JsonValue[]) => ({
    class: 'FUNCTION',
    type: 'FUNCTION',
    function_name: name,
    arguments: values.map(argument),
  })

  it.each<[string, JsonValue]>([
    ['an equality', equal(column('t_c0'), literal('3'))],
    [
      'an equality of rows',
      equal(
        calledIn2('row', column('t_c0'), column('t_c1')),
        calledIn2('row', literal('3'), literal('20')),
      ),
    ],
    [
      'a row of as many values as columns, and one more',
      equal(called('row', column('t_c0')), called('row', integer(3), integer(4))),
    ],
    ['an OR', { class: 'CONJUNCTION', type: 'CONJUNCTION_OR', operands: [] }],
    ['an AND', { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', operands: [] }],
    ['what a list has', called('contains', calledIn2('list_value', literal('3')), column('t_c0'))],
    ['a list', calledIn2('contains', calledIn2('list_value', literal('3')), column('t_c0'))],
  ])('%s', (_, tree) => {
    expect(kindOf(tree)).toBe('unknown')
  })
})
