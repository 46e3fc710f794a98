import {
  createSchema,
  DictionaryBuilder,
  type Field,
  type PrimitiveType,
  type Value,
} from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { readTableConfig } from '../../src/config/table-config.js'
import { keyRule } from '../../src/log-files/record-key.js'

const field = (id: number, name: string, type: Field['type']): Field => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const SCHEMA = createSchema([field(1, 'a', 'string'), field(2, 'b', 'long'), field(3, 'd', 'date')])

function columnOf(type: PrimitiveType, values: readonly (Value | null)[]) {
  const builder = new DictionaryBuilder(type)
  for (const value of values) builder.append(value)
  return builder.finish()
}

function ruleOf(fields: string, properties = '') {
  const text = `hoodie.table.name=t\nhoodie.table.type=MERGE_ON_READ\nhoodie.table.version=9\nhoodie.populate.meta.fields=false\nhoodie.table.recordkey.fields=${fields}\n${properties}`
  return keyRule(readTableConfig(text, 'hoodie.properties'), SCHEMA)
}

describe('virtual keys', () => {
  it('are the values of the key column', () => {
    const rule = ruleOf('b')
    expect([rule.columns, rule.ofRecord({ b: 7n }), rule.ofDelete('7')]).toEqual([['b'], '7', '7'])
  })

  it('of several columns are composed as the key generator does', () => {
    const rule = ruleOf('a,b')
    expect([
      rule.ofRecord({ a: 'x', b: 7n }),
      rule.ofValues(['', null]),
      rule.ofDelete('a:x,b:7'),
    ]).toEqual(['a:x,b:7', 'a:__empty__,b:__null__', 'a:x,b:7'])
  })

  it('of several columns are read from base files', () => {
    const columns = new Map([
      ['a', columnOf('string', ['x', null])],
      ['b', columnOf('long', [7n, 8n])],
    ])
    const keyOf = ruleOf('a,b').ofColumns(name => columns.get(name), 'f.parquet')
    expect([keyOf(0), keyOf(1)]).toEqual(['a:x,b:7', 'a:__null__,b:8'])
  })

  it.each([
    ['no columns', '', 'unknown columns'],
    ['a type that versions of Hudi print differently', 'a,d', 'virtual keys with d'],
    ['a column that is not there', 'a,z', 'virtual keys with z'],
  ])('are refused for %s', (_, fields, message) => {
    expect(() => ruleOf(fields)).toThrow(message)
  })

  it('of one column in a generator for several refuse deletes that may be spelled either way', () => {
    const rule = ruleOf('a', 'hoodie.table.keygenerator.type=COMPLEX')
    expect(rule.ofDelete('x')).toBe('x')
    expect(() => rule.ofDelete('a:x')).toThrow("'a:value' or 'value'")
  })
})
