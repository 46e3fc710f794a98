import { expect, it } from 'vitest'
import { decodeList, decodeShare, SCHEMA, SHARE, TABLE } from '../../src/actions/decode-list.js'

it('puts in what items leave out or say is null, and keeps members that are not known', () => {
  const page = {
    items: [
      { name: 'a', share: null, id: null, future: [1] },
      { name: 'b', share: 'LAKE' },
    ],
  }
  expect(decodeList(page, SCHEMA, { share: 'lake' })).toEqual({
    items: [
      { share: 'lake', name: 'a', future: [1] },
      { share: 'LAKE', name: 'b' },
    ],
    nextPageToken: undefined,
  })
})

it('refuses items of another share than was asked for', () => {
  const page = { items: [{ name: 'a' }, { name: 'b', share: 'other' }] }
  expect(() => decodeList(page, SCHEMA, { share: 'lake' })).toThrow(
    'share "lake" was asked for, share "other" came',
  )
})

it.each([
  [{}, undefined],
  [{ items: null, nextPageToken: null }, undefined],
  [{ nextPageToken: '' }, undefined],
  [{ nextPageToken: 'a' }, 'a'],
  [{ next_page_token: 'b' }, 'b'],
])('takes %j for a page', (page, nextPageToken) => {
  expect(decodeList(page, SHARE)).toEqual({ items: [], nextPageToken })
})

it.each([
  [{ items: {} }, 'items', 'an array, found an object'],
  [{ items: [{ name: 'a', schema: 's' }, 5] }, 'items[1]', 'an object, found 5'],
  [{ items: [{ schema: 's' }] }, 'items[0].name', 'a string, found nothing'],
  [{ items: [{ name: 'a' }] }, 'items[0].schema', 'a string, found nothing'],
  [{ items: [{ name: 5, schema: 's' }] }, 'items[0].name', 'a string, found 5'],
  [{ nextPageToken: 5 }, 'nextPageToken', 'a string of at most 16384 characters, found 5'],
])('refuses %j and says what is wrong with it', (page, field, words) => {
  expect(() => decodeList(page, TABLE, { share: 'lake' })).toThrow(
    expect.objectContaining({
      code: 'TABLE_CORRUPT',
      message: `the server's answer cannot be used: ${field} must be ${words}`,
      context: { field },
    }),
  )
})

it.each([
  [{ share: { name: 'a', comment: null, x: 1 } }, { name: 'a', x: 1 }],
  [
    { name: 'a', properties: { k: 'v' } },
    { name: 'a', properties: { k: 'v' } },
  ],
  [
    { share: { name: 'a', id: 5, comment: {}, properties: { k: 1, l: null, m: true, n: 'v' } } },
    { name: 'a', properties: { k: '1', m: 'true', n: 'v' } },
  ],
  [{ name: 'a', properties: { k: {} } }, { name: 'a' }],
])('takes %j for a share', (body, share) => {
  expect(decodeShare(body)).toEqual(share)
})

it.each([
  [{ share: 'a' }, 'share must be an object, found a string'],
  [{}, 'share.name must be a string, found nothing'],
])('refuses %j for a share', (body, words) => {
  expect(() => decodeShare(body)).toThrow(words)
})

it('takes a table without what only informs and is of another kind', () => {
  const item = { name: 'a', schema: 's', share: 'lake' }
  const odd = { ...item, id: 5, accessModes: ['url', 1], location: null }
  expect(decodeList({ items: [odd] }, TABLE).items).toEqual([item])
})
