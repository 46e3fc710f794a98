import { expect, it } from 'vitest'
import { grantDigest } from '../../src/access/grant-digest.js'
import { tableBinding } from '../../src/requests/table-tokens.js'

const table = {
  share: 'Lake',
  schema: 'Sales',
  name: 'Orders',
  id: 'AbC',
  historyShared: true,
  source: { location: 's3://lake/orders', auxiliaryLocations: ['s3://lake/old/'] },
}

const bindingOf = (recipient: string, changes: object = {}) =>
  tableBinding(
    { recipient: { id: recipient } } as never,
    { table: { ...table, ...changes } } as never,
  ).join()

it('tokens are bound to names in any case, and to ids as they are', () => {
  expect(bindingOf('r', { share: 'lake', name: 'ORDERS' })).toBe(bindingOf('r'))
  expect(bindingOf('aBc')).not.toBe(bindingOf('AbC'))
  expect(bindingOf('r', { id: 'aBc' })).not.toBe(bindingOf('r'))
})

it('what a table may reach is part of what is shared of it', () => {
  const digestOf = (changes: object, source: object = {}) =>
    grantDigest({ ...table, ...changes, source: { ...table.source, ...source } } as never)
  const before = digestOf({})
  expect(digestOf({})).toBe(before)
  expect(digestOf({}, { auxiliaryLocations: undefined })).not.toBe(before)
  expect(digestOf({}, { rebase: { from: 's3://a/', to: 's3://b/' } })).not.toBe(before)
  expect(digestOf({ accessModes: ['dir'] })).not.toBe(before)
  expect(digestOf({}, { metadataFile: 's3://lake/orders/metadata/2.json' })).toBe(before)
})
