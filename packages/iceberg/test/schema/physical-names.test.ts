import type { Field } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { parseMetadata as parseBytes } from '../../src/metadata/metadata.js'
import { withPhysicalNames } from '../../src/schema/physical-names.js'

const parseMetadata = (text: string, about: Parameters<typeof parseBytes>[1]) =>
  parseBytes(new TextEncoder().encode(text), about)

const field = (id: number, name: string, type: Field['type'] = 'int'): Field => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})
const struct = (...fields: readonly Field[]): Field['type'] => ({ kind: 'struct', fields })
const list = (id: number, type: Field['type']): Field['type'] => ({
  kind: 'list',
  element: field(id, 'element', type),
})

interface Given {
  readonly schemas?: readonly (readonly Field[])[]
  readonly mapping?: readonly object[]
  readonly isHistoryWhole?: boolean
}

function names(fields: readonly Field[], given: Given = {}): readonly unknown[] {
  const { schemas = [fields], mapping, isHistoryWhole = true } = given
  const properties = new Map(
    mapping ? [['schema.name-mapping.default', JSON.stringify(mapping)]] : [],
  )
  const history = { schemas: new Map(schemas.entries()), properties, isHistoryWhole }
  return withPhysicalNames(fields, history).map(named)
}

function named({ physicalName, type }: Field): unknown {
  if (typeof type === 'string') return physicalName
  if (type.kind === 'struct') return { [physicalName]: type.fields.map(named) }
  if (type.kind === 'list') return { [physicalName]: [named(type.element)] }
  return physicalName
}

describe('withPhysicalNames', () => {
  it('keeps the names of a table whose columns were always called so', () => {
    expect(names([field(1, 'a'), field(2, 'x y')])).toEqual(['a', 'x y'])
  })

  it('gives a column that was dropped and added again a name that no file has', () => {
    const schemas = [[field(1, 'a'), field(2, 'k')], [field(1, 'a')]]
    expect(names([field(1, 'a'), field(3, 'k')], { schemas })).toEqual(['a', 'k-3'])
  })

  it('does so for fields of structs in lists', () => {
    const now = field(1, 'l', list(2, struct(field(3, 'x'), field(5, 'y'))))
    const before = field(1, 'l', list(2, struct(field(3, 'x'), field(4, 'y'))))
    expect(names([now], { schemas: [[before], [now]] })).toEqual([
      { l: [{ element: ['x', 'y-5'] }] },
    ])
  })

  it('does not mistake the field of another struct for an earlier one', () => {
    const now = [field(1, 's', struct(field(2, 'x'))), field(3, 't', struct(field(4, 'x')))]
    expect(names(now)).toEqual([{ s: ['x'] }, { t: ['x'] }])
  })

  it('gives both of two columns that exchanged their names other names', () => {
    const schemas = [[field(1, 'a'), field(2, 'b')]]
    expect(names([field(1, 'b'), field(2, 'a')], { schemas })).toEqual(['b-1', 'a-2'])
  })

  it('takes a name that is another column’s under no circumstances', () => {
    const schemas = [[field(1, 'a'), field(2, 'k')]]
    expect(names([field(3, 'k'), field(4, 'k-3')], { schemas })).toEqual(['k-3-3', 'k-3'])
  })

  it('goes by the oldest name of the mapping, by which files without ids call the column', () => {
    const mapping = [
      { 'field-id': 1, names: ['old', 'now'] },
      { 'field-id': 2, names: ['s'], fields: [{ 'field-id': 3, names: ['x', 'z'] }] },
    ]
    const now = [field(1, 'now'), field(2, 's', struct(field(3, 'z')))]
    expect(names(now, { mapping })).toEqual(['old', { s: ['x'] }])
    expect(names(now, { mapping, isHistoryWhole: false })).toEqual(['old', { s: ['x'] }])
  })

  it('gives two columns that a mapping calls alike, or alike but for case, different names', () => {
    const mapping = [
      { 'field-id': 1, names: ['a'] },
      { 'field-id': 2, names: ['A'] },
    ]
    expect(names([field(1, 'a'), field(2, 'b')], { mapping })).toEqual(['a-1', 'b-2'])
  })

  it('trusts no name where earlier schemas are missing and nothing maps names', () => {
    const now = [field(1, 'a'), field(2, 's', struct(field(3, 'x')))]
    expect(names(now, { isHistoryWhole: false })).toEqual(['a-1', { 's-2': ['x-3'] }])
  })
})

describe('isHistoryWhole', () => {
  const schema = (id: number, ...ids: readonly number[]) => ({
    'schema-id': id,
    type: 'struct',
    fields: ids.map(each => ({ id: each, name: `c${each}`, required: false, type: 'int' })),
  })
  const whole = async (document: object) =>
    (
      await parseMetadata(
        JSON.stringify({
          'format-version': 2,
          'partition-specs': [{ 'spec-id': 0, fields: [] }],
          'current-schema-id': 0,
          'last-column-id': 1,
          ...document,
        }),
        { path: 'm', meta: { path: 'm', size: 0, lastModified: 0 } },
      )
    ).isHistoryWhole

  it.each<[string, object, boolean]>([
    ['the only schema', { schemas: [schema(0, 1)] }, true],
    ['two schemas', { schemas: [schema(0, 1), schema(1, 1, 2)], 'last-column-id': 2 }, true],
    ['a schema that expired', { schemas: [schema(1, 1)], 'current-schema-id': 1 }, false],
    ['a column that no schema has', { schemas: [schema(0, 1, 3)], 'last-column-id': 3 }, false],
    [
      'version 1 without a list of schemas',
      { 'format-version': 1, schema: schema(0, 1), 'current-schema-id': null },
      false,
    ],
  ])('%s', async (_, document, expected) => {
    expect(await whole(document)).toBe(expected)
  })
})
