import { tmpdir } from 'node:os'
import { localStore, memoryStore } from '@spillway/storage'
import { expect, it } from 'vitest'
import { createAssetFiles } from '../../src/node.js'

const files = createAssetFiles({ store: localStore(), signers: [] })
const local = { id: 'local', location: `${tmpdir()}/spillway-no-such-folder/` }

// Looked up folder by folder, the first ended the process and the second took a minute.
it.each([
  ['a million segments', 'a/'.repeat(1_000_000)],
  ['20,000 segments', `${'a/'.repeat(20_000)}b`],
  ['more than 4096 bytes', `${'é'.repeat(2049)}`],
  ['no segment', 'a//b'],
  ['dots', 'a/../b'],
  ['encoded dots', 'a/%2E./b'],
  ['half of a surrogate pair', 'a\ud800'],
  ['a NUL', 'a\0'],
])('no file is asked for by a path of %s, and the refusal is short', async (_, path) => {
  const refused = await files
    .sign(local, ['x', path], { expiresInSeconds: 1 })
    .catch(error => error)
  expect(refused).toMatchObject({ code: 'INVALID_REQUEST', message: /as it is listed, found "/ })
  expect(refused.message.length).toBeLessThan(400)
})

it('a path of as many segments as there may be is looked for, and not found', async () => {
  const paths = Array.from({ length: 500 }, (_, i) => `${'a/'.repeat(2000)}${i}`)
  const signed = files.sign(local, paths, { expiresInSeconds: 1 })
  await expect(signed).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

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
  const known = createAssetFiles({ store: told, signers: [signer], digests })
  const listed = await known.list(folder, { maxResults: 10 })
  expect(listed.files.map(({ sha256 }) => sha256)).toEqual([undefined, READ])
  expect(heads).toEqual([])
  const signed = await known.sign(folder, ['a', 'b'], { expiresInSeconds: 1 })
  expect(signed.map(({ sha256 }) => sha256)).toEqual([STORED, READ])
})
