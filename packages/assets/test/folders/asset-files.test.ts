import { memoryStore } from '@spillway/storage'
import { expect, it } from 'vitest'
import { createAssetFiles } from '../../src/node.js'

const folder = { id: 'docs', location: 's3://b/docs/' }
const [STORED, READ] = ['a'.repeat(64), 'b'.repeat(64)]
const signer = {
  covers: () => true,
  sign: async (paths: readonly string[]) => ({ urls: paths, expiresAt: 1 }),
}

it('signing tells what a store says of the bytes, unless they were read here; a listing asks no store for it', async () => {
  const store = memoryStore()
  for (const name of ['a', 'b']) await store.put(`${folder.location}${name}`, Buffer.from(name))
  const heads: string[] = []
  const told: typeof store = {
    ...store,
    async head(path, signal) {
      heads.push(path)
      const found = await store.head(path, signal)
      return found && { ...found, sha256: STORED }
    },
  }
  const digests = {
    hashOf: (_: unknown, { path }: { path: string }) => (path === 'b' ? READ : undefined),
  }
  const files = createAssetFiles({ store: told, signers: [signer], digests })
  const listed = await files.list(folder, { maxResults: 10 })
  expect(listed.files.map(({ sha256 }) => sha256)).toEqual([undefined, READ])
  expect(heads).toEqual([])
  const signed = await files.sign(folder, ['a', 'b'], { expiresInSeconds: 1 })
  expect(signed.map(({ sha256 }) => sha256)).toEqual([STORED, READ])
})
