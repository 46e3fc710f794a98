import type { ShareCatalog, SharedTable } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { checkedCatalog } from '../../src/access/checked-catalog.js'

const ACME = { id: '1', name: 'acme' }
const NAMES = { share: 'lake', schema: 'd', table: 't' }
const PAGE = { maxResults: 9 }
const TABLE: SharedTable = {
  share: 'lake',
  schema: 'd',
  name: 't',
  id: 'x',
  source: { location: 's3://b/t' },
  historyShared: false,
}

/** A catalog that gives `found` to every question. */
function giving(found: unknown): ShareCatalog {
  const answer = async () => found
  const questions = ['authenticate', 'isKnown', 'listShares', 'share', 'listSchemas', 'listTables']
  const catalog = Object.fromEntries([...questions, 'table'].map(name => [name, answer]))
  return checkedCatalog(catalog as unknown as ShareCatalog)
}

const table = (members: object) => giving({ ...TABLE, ...members }).table(ACME, NAMES)
const source = (members: object) => table({ source: { ...TABLE.source, ...members } })

describe('a table that a catalog of others gives', () => {
  it.each<[string, object]>([
    ['history as a text', { historyShared: 'false' }],
    ['history as a number', { historyShared: 0 }],
    ['a start as a text', { startVersion: '10' }],
    ['a start as a number', { startVersion: 10 }],
    ['a start that is none', { startVersion: Number.NaN }],
    ['a rule as a text', { grant: "region = 'eu'" }],
    ['a rule as a function', { grant: () => true }],
    ['no rule', { grant: null }],
    ['an empty rule', { grant: {} }],
    ['access as a text', { accessModes: 'url' }],
    ['access of an unknown kind', { accessModes: ['url', 'all'] }],
    ['no id', { id: undefined }],
    ['a name that is none', { name: 5 }],
    ['no source', { source: undefined }],
  ])('is none with %s', async (_, members) => {
    await expect(table(members)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/^catalog\.table: expected /),
    })
  })

  it.each<[string, object]>([
    ['no place', { location: '' }],
    ['a place that is none', { location: 5 }],
    ['an unknown view', { view: 'all' }],
    ['a rule for dropped columns that is none', { redactDropped: true }],
    ['a metadata file that is none', { metadataFile: 5 }],
    ['a move as a text', { rebase: 's3://a' }],
    ['a move to nowhere', { rebase: [{ from: 's3://a' }] }],
    ['other places as a text', { auxiliaryLocations: 's3://c' }],
  ])('is none with %s in its source', async (_, members) => {
    await expect(source(members)).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it.each([true, 5, 'x', []])('is none that is %s', async found => {
    await expect(giving(found).table(ACME, NAMES)).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('is the very one that was given, where nothing is wrong', async () => {
    const all: SharedTable = {
      ...TABLE,
      shareId: 's',
      historyShared: true,
      startVersion: 3n,
      accessModes: ['url', 'dir'],
      grant: { kind: 'alwaysTrue' },
      source: { location: 's3://b/t', view: 'snapshot', rebase: [{ from: '', to: 's3://b' }] },
    }
    expect(await giving(all).table(ACME, NAMES)).toBe(all)
    expect(await giving(null).table(ACME, NAMES)).toBeUndefined()
  })
})

describe('what a catalog of others says', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list', []],
    ['a page of nothing', {}],
    ['items that are no list', { items: { length: 1e9 } }],
    ['items without names', { items: [{}] }],
    ['names that are none', { items: [{ name: 5 }] }],
    ['a next page that is none', { items: [], next: 5 }],
  ])('is no list of shares where it is %s', async (_, found) => {
    await expect(giving(found).listShares(ACME, PAGE)).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('is no list of tables where one of them is none', async () => {
    const catalog = giving({ items: [{ ...TABLE, historyShared: 'no' }] })
    await expect(catalog.listTables(ACME, NAMES, PAGE)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(await giving({ items: [TABLE] }).listTables(ACME, NAMES, PAGE)).toBeDefined()
  })

  it.each([undefined, null, 0, 1, 'yes', {}])(
    'is no yes to who is known where it is %s',
    async found => {
      expect(await giving(found).isKnown?.(ACME)).toBe(false)
    },
  )

  it.each([true, 'acme', { id: 1, name: 'acme' }, { name: 'acme' }])(
    'is nobody who asks where it is %s',
    async found => {
      await expect(giving(found).authenticate('t')).rejects.toMatchObject({ code: 'INTERNAL' })
      expect(await giving(null).authenticate('t')).toBeUndefined()
    },
  )

  it('asks nobody whether who asks is known, where the catalog cannot tell', () => {
    const { isKnown: _, ...rest } = giving(true)
    expect(checkedCatalog(rest)).not.toHaveProperty('isKnown')
  })
})
