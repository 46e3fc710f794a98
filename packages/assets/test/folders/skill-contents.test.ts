import { createHash } from 'node:crypto'
import { type ObjectStore, TableError } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { createAssetFiles } from '../../src/node.js'

const SKILL = '---\nname: pdf\ndescription: Fills forms\n---\n'
const folder = { id: 'pdf', location: 'memory://b/pdf/' }
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function filesOf(texts: Readonly<Record<string, string>>) {
  const store = memoryStore()
  const put = (path: string, text: string) =>
    store.put(folder.location + path, new TextEncoder().encode(text))
  for (const [path, text] of Object.entries(texts)) await put(path, text)
  const files = createAssetFiles({ store, signers: [] })
  return { store, files, put, contents: () => files.skillContents(folder, 'pdf') }
}

async function whole(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}

const MANY = Object.fromEntries(Array.from({ length: 512 }, (_, i) => [`f${i}`, '']))

describe('a skill as a whole', () => {
  it('is its files with their digests, and an artifact of the digest that is stated', async () => {
    const { files, contents } = await filesOf({
      'SKILL.md': SKILL,
      'a.txt': 'a',
      '.spillway/files': 'what a download left',
    })
    const found = await contents()
    expect(found.files).toEqual([
      { path: 'SKILL.md', size: SKILL.length, sha256: sha256(SKILL) },
      { path: 'a.txt', size: 1, sha256: sha256('a') },
    ])
    expect(found.facts.frontMatter).toEqual({ name: 'pdf', description: 'Fills forms' })
    const bytes = await whole(files.skillArtifact(folder, found))
    expect(found.artifact).toEqual({
      type: 'archive',
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
  })

  it('breaks off where a file is another by now, and is the new one when it is asked anew', async () => {
    const { files, put, contents } = await filesOf({ 'SKILL.md': SKILL, 'a.txt': 'a' })
    const found = await contents()
    await put('a.txt', 'b')
    await expect(whole(files.skillArtifact(folder, found))).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await expect.poll(async () => (await contents()).files[1]!.sha256).toBe(sha256('b'))
  })

  it('is read again after its storage refused, though nothing in the folder has changed', async () => {
    const { store, files } = await filesOf({ 'SKILL.md': SKILL })
    let isRefused = true
    const refusing: ObjectStore = {
      ...store,
      get: async (path, options) => {
        if (!isRefused) return store.get(path, options)
        throw new TableError('STORAGE_UNAVAILABLE', 'S3 refused to read', { retryable: false })
      },
    }
    const again = createAssetFiles({ store: refusing, signers: [] })
    await expect(again.skillContents(folder, 'pdf')).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    })
    isRefused = false
    expect(await again.skillContents(folder, 'pdf')).toEqual(
      await files.skillContents(folder, 'pdf'),
    )
  })

  it('takes no more of a file that has grown than it was said to have', async () => {
    const { store, put, contents } = await filesOf({ 'SKILL.md': SKILL, 'a.txt': 'a' })
    const found = await contents()
    await put('a.txt', 'a'.repeat(1000))
    const taken: number[] = []
    const counting: ObjectStore = {
      ...store,
      get: async (path, options) => {
        const got = await store.get(path, options)
        taken.push(got?.bytes.length ?? 0)
        return got
      },
    }
    const parts = createAssetFiles({ store: counting, signers: [] }).skillArtifact(folder, found)
    await expect(whole(parts)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(taken).toEqual([SKILL.length, 2])
  })

  it('takes no more of a SKILL.md that has grown than is read, since it was looked at', async () => {
    const { store } = await filesOf({ 'SKILL.md': SKILL + 'x'.repeat(8 * 1024 ** 2) })
    let taken = 0
    const before: ObjectStore = {
      ...store,
      head: async (path, signal) => {
        const meta = await store.head(path, signal)
        return meta && { ...meta, size: SKILL.length }
      },
      get: async (path, options) => {
        const got = await store.get(path, options)
        taken += got?.bytes.length ?? 0
        return got
      },
    }
    const files = createAssetFiles({ store: before, signers: [] })
    await expect(files.readSkill(folder, 'pdf')).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
    expect(taken).toBe(4 * 1024 ** 2 + 1)
  })

  it.each([
    ['no SKILL.md', { 'a.txt': '' }, 'NOT_FOUND'],
    ['a SKILL.md of another name', { 'SKILL.md': SKILL.replace('pdf', 'zip') }, 'TABLE_CORRUPT'],
    ['a name that is a device', { 'SKILL.md': SKILL, 'aux.c': '' }, 'UNSUPPORTED_FEATURE'],
    [
      'two names that some disks take for one',
      { 'SKILL.md': SKILL, 'skill.MD': '' },
      'UNSUPPORTED_FEATURE',
    ],
    ['too many files', { 'SKILL.md': SKILL, ...MANY }, 'UNSUPPORTED_FEATURE'],
    ['too many bytes', { 'SKILL.md': SKILL, x: 'x'.repeat(16 * 1024 ** 2) }, 'UNSUPPORTED_FEATURE'],
  ])('is refused with %s', async (_, texts, code) => {
    const { contents } = await filesOf(texts)
    await expect(contents()).rejects.toMatchObject({ code })
  })
})
