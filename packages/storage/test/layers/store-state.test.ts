import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { localStore, memoryStore, storeState } from '../../src/index.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString()
const bytes = (value: string) => Buffer.from(value)

describe.each([
  ['in memory', () => storeState(memoryStore(), 's3://b/state')],
  [
    'on disk',
    () =>
      storeState(
        localStore({ roots: [folder], removesEmptyFolders: true }),
        `file://${folder}/state/`,
      ),
  ],
])('state %s', (_, made) => {
  it('is what was written last', async () => {
    const state = made()
    expect(await state.get('a/b')).toBeUndefined()
    const first = await state.put('a/b', bytes('1'), { ifTag: undefined })
    expect(text((await state.get('a/b'))?.bytes)).toBe('1')
    const second = await state.put('a/b', bytes('2'), { ifTag: first })
    const found = await state.get('a/b')
    expect([text(found?.bytes), found?.tag]).toEqual(['2', second])
    for (let i = 3; i < 20; i++) {
      const { tag } = (await state.get('a/b'))!
      await state.put('a/b', bytes(String(i)), { ifTag: tag })
    }
    expect(text((await state.get('a/b'))?.bytes)).toBe('19')
    expect(await state.get('a')).toBeUndefined()
  })

  it('is written by nobody who has not seen the last writing', async () => {
    const state = made()
    const first = await state.put('c', bytes('1'), { ifTag: undefined })
    expect(await state.put('c', bytes('x'), { ifTag: undefined })).toBeUndefined()
    await state.put('c', bytes('2'), { ifTag: first })
    expect(await state.put('c', bytes('x'), { ifTag: first })).toBeUndefined()
    expect(text((await state.get('c'))?.bytes)).toBe('2')
  })

  it('is gone once it is deleted, and can be written anew', async () => {
    const state = made()
    const first = await state.put('d/e', bytes('1'), { ifTag: undefined })
    await state.put('d/e', bytes('2'), { ifTag: first })
    await state.put('d/f', bytes('3'), { ifTag: undefined })
    await state.delete('d/e')
    await state.delete('d/e')
    expect(await state.get('d/e')).toBeUndefined()
    expect(text((await state.get('d/f'))?.bytes)).toBe('3')
    expect(await state.put('d/e', bytes('4'), { ifTag: undefined })).toBeDefined()
    await state.delete('d/f')
    expect(text((await state.get('d/e'))?.bytes)).toBe('4')
    await state.delete('d/e')
  })

  it('is written while others delete beside it', async () => {
    const state = made()
    const work = async (name: string) => {
      for (let i = 0; i < 20; i++) {
        expect(await state.put(`g/${name}`, bytes('x'), { ifTag: undefined })).toBeDefined()
        await state.delete(`g/${name}`)
      }
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(work))
  })

  it('counts all of many who write at once', async () => {
    const state = made()
    const add = async () => {
      for (;;) {
        const found = await state.get('n')
        const next = bytes(String(Number(text(found?.bytes) ?? 0) + 1))
        if ((await state.put('n', next, { ifTag: found?.tag })) !== undefined) return
      }
    }
    await Promise.all(Array.from({ length: 12 }, async () => add()))
    expect(text((await state.get('n'))?.bytes)).toBe('12')
  })

  it.each(['', '/a', 'a//b', '../a', 'a/../b', 'a/', 'a b', '.'])('has no key %j', async key => {
    const state = made()
    await expect(state.get(key)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(state.put(key, bytes('x'), { ifTag: undefined })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

it('is kept by writers that overtake each other many times', async () => {
  const inner = memoryStore()
  let overtake: (() => Promise<void>) | undefined
  const slow = {
    ...inner,
    async put(...args: Parameters<typeof inner.put>) {
      const run = overtake
      overtake = undefined
      await run?.()
      return inner.put(...args)
    },
  }
  const [late, quick] = [storeState(slow, 's3://b/s'), storeState(inner, 's3://b/s')]
  let tag = await quick.put('k', bytes('1'), { ifTag: undefined })
  overtake = async () => {
    // By the third the number that the late one is about to take is free again.
    for (const value of ['2', '3', '4']) tag = await quick.put('k', bytes(value), { ifTag: tag })
  }
  const first = await quick.get('k')
  expect(await late.put('k', bytes('late'), { ifTag: first?.tag })).toBeUndefined()
  expect(text((await quick.get('k'))?.bytes)).toBe('4')
})

it('state on disk leaves nothing of what was deleted', async () => {
  const store = localStore({ roots: [folder], removesEmptyFolders: true })
  const state = storeState(store, `file://${folder}/left/`)
  await state.put('x/y/z', bytes('1'), { ifTag: undefined })
  await state.put('x/kept', bytes('1'), { ifTag: undefined })
  await state.delete('x/y/z')
  expect(readdirSync(join(folder, 'left', 'x'))).toEqual(['kept'])
  await state.delete('x/kept')
  expect(existsSync(join(folder, 'left'))).toBe(false)
  expect(existsSync(folder)).toBe(true)
})
