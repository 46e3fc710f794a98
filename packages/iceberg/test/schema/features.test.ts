import { describe, expect, it } from 'vitest'
import { tableFeatures, withEarlierTypes } from '../../src/schema/features.js'
import { base, column, parse } from '../support/metadata-document.js'

describe('tableFeatures', () => {
  async function featuresOf(schemas: readonly (readonly object[])[], firstId = 0, chosen = -1) {
    const listed = schemas.map((fields, i) => ({ 'schema-id': firstId + i, fields }))
    const current = listed.at(chosen)!['schema-id']
    const ids = schemas.flat().map(each => (each as { readonly id: number }).id)
    const metadata = await parse({
      ...base,
      schemas: listed,
      'current-schema-id': current,
      'last-column-id': Math.max(...ids),
    })
    return [...tableFeatures(metadata, metadata.schemas.get(current)!, [])]
  }

  it.each<[string, readonly (readonly object[])[], readonly string[]]>([
    ['one schema', [[column(1, 'a', 'int')]], []],
    [
      'an added column',
      [[column(1, 'a', 'int')], [column(1, 'a', 'int'), column(2, 'b', 'int')]],
      [],
    ],
    ['a renamed column', [[column(1, 'a', 'int')], [column(1, 'b', 'int')]], ['columnMapping']],
    ['a name used again', [[column(1, 'a', 'int')], [column(2, 'a', 'int')]], ['columnMapping']],
    ['a widened column', [[column(1, 'a', 'int')], [column(1, 'a', 'long')]], ['typeWidening']],
    ['a default', [[column(1, 'a', 'int', { 'initial-default': 1 })]], ['initialDefaults']],
  ])('of %s are %o', async (_what, schemas, features) => {
    expect(await featuresOf(schemas)).toEqual(features)
  })

  it('remember the types of earlier schemas, inside lists and structs too', async () => {
    const nested = (inner: string) => ({
      type: 'list',
      'element-id': 3,
      'element-required': false,
      element: { type: 'struct', fields: [column(4, 'x', inner)] },
    })
    const schemas = ['int', 'long'].map((type, i) => ({
      'schema-id': i,
      fields: [column(1, 'a', type), column(2, 'l', nested(i === 0 ? 'float' : 'double'))],
    }))
    const { schemas: parsed } = await parse({ ...base, schemas, 'current-schema-id': 1 })
    const [a, l] = withEarlierTypes(parsed.get(1)!, parsed)
    expect(a).toMatchObject({ type: 'long', earlierTypes: ['int'] })
    expect(l).not.toHaveProperty('earlierTypes')
    expect(l).toMatchObject({
      type: { element: { type: { fields: [{ type: 'double', earlierTypes: ['float'] }] } } },
    })
  })

  it('say nothing of a promotion that came after the snapshot', async () => {
    const schemas = [[column(1, 'a', 'int')], [column(1, 'a', 'long')]]
    expect(await featuresOf(schemas, 0, 0)).toEqual([])
    const listed = schemas.map((fields, i) => ({ 'schema-id': i, fields }))
    const { schemas: parsed } = await parse({ ...base, schemas: listed, 'current-schema-id': 1 })
    expect(withEarlierTypes(parsed.get(0)!, parsed)[0]).not.toHaveProperty('earlierTypes')
  })

  it('expect renames where earlier schemas have expired', async () => {
    expect(await featuresOf([[column(1, 'a', 'int')]], 3)).toEqual(['columnMapping'])
  })
})
