import type { AssetCatalog } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { checkedAssets } from '../../src/access/checked-assets.js'

const me = { id: 'r', name: 'r' }
const name = { share: 's', schema: 'x', name: 'n' }
const folder = { ...name, id: 'i', location: 's3://b/f' }
const version = { version: 3, status: 'READY', location: 's3://b/m/3' }

/** A catalog that answers everything with `found`. */
const answering = (found: unknown): AssetCatalog =>
  checkedAssets(new Proxy({}, { get: () => async () => found }) as unknown as AssetCatalog)

describe('what a catalog of others says of assets', () => {
  it('is passed on as it is', async () => {
    expect(await answering(folder).volume(me, name)).toBe(folder)
    expect(await answering({ items: [folder] }).listSkills(me, name, { maxResults: 1 })).toEqual({
      items: [folder],
    })
    expect(await answering(version).modelVersion(me, name, 3)).toBe(version)
    expect(
      await answering({ items: [version], next: '3' }).listModelVersions(me, name, {
        maxResults: 1,
      }),
    ).toEqual({ items: [version], next: '3' })
    for (const nothing of [undefined, null]) {
      expect(await answering(nothing).volume(me, name)).toBeUndefined()
      expect(await answering(nothing).listModels(me, name, { maxResults: 1 })).toBeUndefined()
    }
  })

  it.each([
    ['a folder without a location', { ...folder, location: undefined }],
    ['a folder whose location is none', { ...folder, location: '' }],
    ['a folder without an id', { ...folder, id: undefined }],
    ['access modes that are a text', { ...folder, accessModes: 'dir' }],
    ['access modes that there are not', { ...folder, accessModes: ['all'] }],
    ['a text', 'folder'],
    ['true', true],
  ])('is a fault where it is %s', async (_, found) => {
    await expect(answering(found).volume(me, name)).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(answering(found).skill(me, name)).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(
      answering({ items: [found] }).listVolumes(me, name, { maxResults: 1 }),
    ).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it.each([
    ['of no number', { ...version, version: '3' }],
    ['of number 0', { ...version, version: 0 }],
    ['of a status that there is not', { ...version, status: 'ready' }],
    ['with a text for aliases', { ...version, aliases: 'a' }],
    ['without a location', { ...version, location: undefined }],
  ])('is a fault where it is a version %s', async (_, found) => {
    await expect(answering(found).modelVersion(me, name, 3)).rejects.toMatchObject({
      code: 'INTERNAL',
    })
    await expect(
      answering({ items: [found] }).listModelVersions(me, name, { maxResults: 1 }),
    ).rejects.toMatchObject({ code: 'INTERNAL' })
  })
})
