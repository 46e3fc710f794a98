import { atOnce, createSchema, type DataType, type Field } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { typeChanges } from '../../src/schema/type-changes.js'

const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})
const field = (name: string, type: DataType): Field => ({
  id: 1,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const struct = (type: DataType): DataType => ({ kind: 'struct', fields: [field('x', type)] })
const list = (type: DataType): DataType => ({ kind: 'list', element: field('element', type) })
const schemaOf = (type: DataType, name = 'a') => createSchema([field(name, type)])

const between = (before: DataType, now: DataType) => {
  const { widened, converted } = atOnce(typeChanges(schemaOf(now), [schemaOf(before)]))
  return `${widened ? 'widened' : ''}${converted ? 'converted' : ''}`
}

describe('type changes', () => {
  it.each<[DataType, DataType]>([
    ['int', 'long'],
    ['int', 'double'],
    ['float', 'double'],
    ['date', 'timestamp'],
    ['int', decimal(10, 0)],
    ['long', decimal(22, 2)],
    [decimal(9, 2), decimal(20, 2)],
    [decimal(9, 2), decimal(11, 4)],
    [struct('int'), struct('long')],
    [list('float'), list('double')],
  ])('of %j to %j are what readers of type widening apply', (before, now) => {
    expect(between(before, now)).toBe('widened')
  })

  it.each<[DataType, DataType]>([
    ['long', 'double'],
    ['int', 'float'],
    ['int', 'string'],
    ['string', 'binary'],
    ['int', decimal(10, 2)],
    [decimal(9, 2), decimal(9, 3)],
    [struct('long'), struct('string')],
    [list('int'), 'string'],
  ])('of %j to %j are more than that', (before, now) => {
    expect(between(before, now)).toBe('converted')
  })

  it('are none where types agree, and where columns came or went', () => {
    expect([between('int', 'int'), between(decimal(9, 2), decimal(9, 2))]).toEqual(['', ''])
    const [before, now] = [schemaOf('int', 'gone'), schemaOf('long', 'new')]
    expect(atOnce(typeChanges(now, [before]))).toEqual({ widened: false, converted: false })
  })

  it('go by names in either case', () => {
    const earlier = [schemaOf('long', 'A'), schemaOf('int', 'A')]
    expect(atOnce(typeChanges(schemaOf('long', 'a'), earlier))).toEqual({
      widened: true,
      converted: false,
    })
  })
})
