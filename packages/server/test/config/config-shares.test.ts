import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createConfigShares, type SharesConfig } from '../../src/index.js'
import { sha256 } from '../support/serve.js'

const CONFIG: SharesConfig = {
  shares: [
    { name: 'Lake', schemas: [{ name: 'a', tables: [{ name: 'T', location: 's3://b/t' }] }] },
    { name: 'second.share' },
  ],
  recipients: [
    { name: 'acme', tokens: [{ sha256: sha256('one') }], shares: ['lake'] },
    { name: 'all', tokens: [{ sha256: sha256('two').toUpperCase() }], shares: ['*'] },
  ],
}

const PAGE = { maxResults: 10 }
const names = async (shares: ReturnType<typeof createConfigShares>, token: string) => {
  const recipient = await shares.authenticate(token)
  if (recipient === undefined) return undefined
  return (await shares.listShares(recipient, PAGE)).items.map(share => share.name)
}

it('grants what it says to whom it says', async () => {
  const shares = createConfigShares(CONFIG)
  expect(await names(shares, 'one')).toEqual(['Lake'])
  expect(await names(shares, 'two')).toEqual(['Lake', 'second.share'])
  expect(await names(shares, sha256('one'))).toBeUndefined()
})

it('swaps the whole configuration at once', async () => {
  const shares = createConfigShares(CONFIG)
  const acme = (await shares.authenticate('one'))!
  shares.replace({ ...CONFIG, recipients: [{ name: 'acme', tokens: [{ sha256: sha256('new') }] }] })
  expect(await names(shares, 'one')).toBeUndefined()
  expect(await names(shares, 'new')).toEqual([])
  // Somebody who had authenticated before has lost the grant as well.
  expect(await shares.share(acme, 'lake')).toBeUndefined()
})

it('keeps what it had when a new configuration is refused', async () => {
  const shares = createConfigShares(CONFIG)
  expect(() => shares.replace({ shares: [{ name: '' }] })).toThrow(/shares.0.name/)
  expect(await names(shares, 'one')).toEqual(['Lake'])
})

it('gives ids that outlive a restart and differ from one another', async () => {
  const ids = async () => {
    const shares = createConfigShares(CONFIG)
    const all = (await shares.authenticate('two'))!
    const tables = await shares.listTables(all, { share: 'lake' }, PAGE)
    const listed = await shares.listShares(all, PAGE)
    return [...listed.items, ...tables!.items].map(item => item.id)
  }
  const first = await ids()
  expect(await ids()).toEqual(first)
  expect(new Set(first).size).toBe(3)
})

it.each<[string, unknown, RegExp]>([
  ['a misspelt key', { share: [] }, /share/],
  [
    'a table without a location',
    { shares: [{ name: 'a', schemas: [{ name: 'b', tables: [{ name: 'c' }] }] }] },
    /shares\.0\.schemas\.0\.tables\.0\.location/,
  ],
  [
    'a name with a space',
    { shares: [{ name: 'a b' }] },
    /shares\.0\.name: expected a name .* found "a b"/,
  ],
  [
    'a share that is a step in a path',
    { shares: [{ name: '..' }] },
    /expected a name that a URL can hold/,
  ],
  [
    'a schema with a dot',
    { shares: [{ name: 'a', schemas: [{ name: 'b.c' }] }] },
    /schemas\.0\.name/,
  ],
  [
    'a share twice, in another case',
    { shares: [{ name: 'a' }, { name: 'A' }] },
    /share "A" is defined twice/,
  ],
  [
    'a grant of what is not there',
    { recipients: [{ name: 'x', shares: ['a'] }] },
    /granted share "a", which is not defined/,
  ],
  [
    'a token in clear',
    { recipients: [{ name: 'x', tokens: [{ sha256: 'secret' }] }] },
    /64 hexadecimal/,
  ],
  [
    'one token for two',
    { recipients: ['x', 'y'].map(name => ({ name, tokens: [{ sha256: sha256('t') }] })) },
    /the same token/,
  ],
  [
    'two recipients of one id',
    { recipients: ['x', 'y'].map(name => ({ name, id: 'same' })) },
    /same id/,
  ],
  ['no object', 'shares', /the document/],
])('refuses %s and says where', (_, config, message) => {
  expect(() => createConfigShares(config as SharesConfig)).toThrow(message)
})

it('finds the granted and nothing else, whatever the names', async () => {
  const shares = createConfigShares(CONFIG)
  const acme = (await shares.authenticate('one'))!
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (share, schema, table) => {
      const found = await shares.table(acme, { share, schema, table })
      const granted =
        [share, schema, table].map(name => name.toLowerCase()).join('/') === 'lake/a/t'
      expect(found !== undefined).toBe(granted)
    }),
    { numRuns: quickOr(75, 300), seed: 3 },
  )
  expect(await shares.table(acme, { share: 'LAKE', schema: 'A', table: 't' })).toBeDefined()
})
