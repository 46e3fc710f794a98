import { isTableError, typeName } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { type ColumnMappingMode, parseSchema } from '../../src/schema/schema.js'

const schemaOf = (fields: readonly object[], mode: ColumnMappingMode = 'none') =>
  parseSchema(JSON.stringify({ type: 'struct', fields }), mode)

const typed = (type: unknown, metadata: object = {}) =>
  schemaOf([{ name: 'c', type, nullable: true, metadata }])

function problem(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return isTableError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'none'
}

describe('Spark schema JSON', () => {
  it.each([
    ['byte', 'int'],
    ['short', 'int'],
    ['integer', 'int'],
    ['long', 'long'],
    ['timestamp', 'timestamptz'],
    ['timestamp_ntz', 'timestamp'],
    ['decimal(38,18)', 'decimal(38,18)'],
    ['decimal', 'decimal(10,0)'],
    ['varchar(10)', 'string'],
    ['variant', 'variant'],
    ['void', 'void'],
    ['interval day to second', 'interval day to second'],
    ['geometry(OGC:CRS84)', 'geometry(OGC:CRS84)'],
  ])('reads %s as %s', (spark, ours) => {
    expect(typeName(typed(spark).schema.fields[0]!.type)).toBe(ours)
  })

  it('finds nested columns by their names and numbers every field once', () => {
    const { schema } = schemaOf([
      { name: 'a.b', type: { type: 'struct', fields: [{ name: 'c', type: 'long' }] } },
      { name: 'l', type: { type: 'array', elementType: 'long', containsNull: true } },
      {
        name: 'm',
        type: { type: 'map', keyType: 'string', valueType: 'long', valueContainsNull: true },
      },
    ])
    expect(schema.find(['a.b', 'c'])?.map(field => field.id)).toEqual([1, 2])
    expect(schema.fields.map(field => field.id)).toEqual([1, 3, 5])
  })

  it('takes ids and physical names from column mapping', () => {
    const metadata = { 'delta.columnMapping.id': 7, 'delta.columnMapping.physicalName': 'col-7' }
    const { schema } = schemaOf([{ name: 'c', type: 'long', metadata }], 'id')
    expect(schema.fields[0]).toMatchObject({ id: 7, name: 'c', physicalName: 'col-7' })
  })

  it('ignores column mapping where it is not in force', () => {
    const metadata = { 'delta.columnMapping.id': 7, 'delta.columnMapping.physicalName': 'col-7' }
    const { schema } = schemaOf([{ name: 'c', type: 'long', metadata }], 'none')
    expect(schema.fields[0]).toMatchObject({ id: 1, physicalName: 'c' })
  })

  it.each([
    ['char(5)', {}, { unordered: true }],
    ['string', { __CHAR_VARCHAR_TYPE_STRING: 'char(5)' }, { unordered: true }],
    ['string', { __COLLATIONS: { c: 'ICU.UNICODE_CI' } }, { unordered: true }],
    ['void', {}, { alwaysNull: true }],
    [
      'double',
      { 'delta.typeChanges': [{ fromType: 'float', toType: 'double' }] },
      { widenedFromFloat: true },
    ],
  ])('knows what is special about %s with %o', (type, metadata, traits) => {
    expect(typed(type, metadata).traits.get(1)).toMatchObject(traits)
  })

  it.each([
    ['text that is not JSON', () => parseSchema('{', 'none'), 'TABLE_CORRUPT'],
    ['a schema that is no struct', () => parseSchema('{"type":"array"}', 'none'), 'TABLE_CORRUPT'],
    [
      'an unknown type, by name',
      () => typed('quaternion'),
      'UNSUPPORTED_FEATURE: column c has the type quaternion',
    ],
    ['an impossible decimal', () => typed('decimal(39,0)'), 'TABLE_CORRUPT'],
    [
      'column mapping without a physical name',
      () => schemaOf([{ name: 'c', type: 'long' }], 'name'),
      'TABLE_CORRUPT',
    ],
    ['two columns of one id', () => twice(), 'TABLE_CORRUPT'],
    [
      'a type change that is no widening',
      () => changed('string', 'integer'),
      'UNSUPPORTED_FEATURE: column c changed its type from string to integer',
    ],
    ['a narrowing', () => changed('long', 'integer'), 'UNSUPPORTED_FEATURE'],
    [
      'a decimal of fewer digits',
      () => changed('decimal(10,2)', 'decimal(10,4)'),
      'UNSUPPORTED_FEATURE',
    ],
    ['a long as a double', () => changed('long', 'double'), 'UNSUPPORTED_FEATURE'],
    ['deep nesting', () => parseSchema(nested(120), 'none'), 'TABLE_CORRUPT'],
    ['nesting without end', () => parseSchema(nested(200), 'none'), 'limits.documentDepth'],
  ])('refuses %s', (_, work, message) => {
    expect(problem(work)).toContain(message)
  })
})

const changed = (fromType: string, toType: string) =>
  typed(toType, { 'delta.typeChanges': [{ fromType, toType }] })

describe('type widening', () => {
  it.each([
    ['byte', 'short'],
    ['short', 'long'],
    ['integer', 'double'],
    ['float', 'double'],
    ['date', 'timestamp_ntz'],
    ['integer', 'decimal(10,0)'],
    ['long', 'decimal(22,2)'],
    ['decimal(10,2)', 'decimal(12,4)'],
  ])('reads what was %s and is %s', (from, to) => {
    expect(changed(from, to).schema.fields).toHaveLength(1)
  })
})

function twice() {
  const metadata = { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'p' }
  return schemaOf(
    [
      { name: 'a', type: 'long', metadata },
      { name: 'b', type: 'long', metadata },
    ],
    'name',
  )
}

function nested(depth: number): string {
  const open = '{"type":"struct","fields":[{"name":"a","type":'
  return `${open.repeat(depth)}"long"${'}]}'.repeat(depth)}`
}
