import type { Field, ObjectStore } from '@spillway/core'
import { fileShapes, readParquetFooter } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { parquetFooterFile } from '@spillway/testkit'
import { expect, it } from 'vitest'

const column = (name: string): Field => ({
  id: 1,
  name,
  physicalName: name,
  type: 'long',
  nullable: true,
})

interface Held extends ObjectStore {
  readonly reads: string[]
  underWay: number
  most: number
}

/** Files `count` of two shapes, behind a store that counts and answers in a later turn. */
async function folder(count: number) {
  const memory = memoryStore()
  const bytes = ['a', 'b'].map(name => parquetFooterFile([column(name)], []))
  const files = []
  for (let i = 0; i < count; i++) {
    await memory.put(`s3://b/${i}`, bytes[i % 2]!)
    files.push({ path: `s3://b/${i}`, size: bytes[i % 2]!.length })
  }
  const store: Held = {
    ...memory,
    reads: [],
    underWay: 0,
    most: 0,
    async get(path, options) {
      store.reads.push(path)
      store.most = Math.max(store.most, ++store.underWay)
      await new Promise(resolve => setTimeout(resolve, 1))
      store.underWay--
      return memory.get(path, options)
    },
  }
  return { store, files }
}

it('reads each footer once, and gives files of one shape one object', async () => {
  const { store, files } = await folder(10)
  const shapes = fileShapes({ store })
  const [first, again] = await Promise.all([shapes.of(files), shapes.of(files)])
  const later = await shapes.of(files)
  expect(store.reads).toHaveLength(10)
  expect(new Set([...first, ...again, ...later]).size).toBe(2)
  expect(first.map(({ columns }) => columns[0]?.name).join('')).toBe('ababababab')
})

it('keeps to so many reads for all callers together', async () => {
  const { store, files } = await folder(40)
  const shapes = fileShapes({ store, concurrency: 5 })
  await Promise.all([shapes.of(files.slice(0, 20)), shapes.of(files.slice(20))])
  expect([store.most, store.reads.length]).toEqual([5, 40])
})

it('stops reading when its caller has gone, and the other caller still has its answer', async () => {
  const { store, files } = await folder(200)
  const shapes = fileShapes({ store, concurrency: 4 })
  const gone = new AbortController()
  const cancelled = shapes.of(files, gone.signal)
  const other = shapes.of(files.slice(0, 2))
  setTimeout(() => gone.abort(), 5)
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await other).toHaveLength(2)
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(store.reads.length).toBeLessThan(100)
})

it('does not read what it has learned, and believes the newer of two footers', async () => {
  const { store, files } = await folder(2)
  const shapes = fileShapes({ store })
  const [a, b] = await Promise.all(files.map(file => readParquetFooter(store, file)))
  store.reads.length = 0
  await shapes.learn(files[0]!, a!)
  await shapes.learn(files[1]!, b!)
  const learned = await shapes.of(files)
  expect(learned.map(({ columns }) => columns[0]?.name)).toEqual(['a', 'b'])
  // Written anew, of the same size.
  await shapes.learn(files[0]!, b!)
  expect((await shapes.of(files))[0]).toBe(learned[1])
  expect(store.reads).toEqual([])
})

it('tells of an encrypted file when it is asked for, not when it is learned', async () => {
  const { store, files } = await folder(1)
  const shapes = fileShapes({ store })
  const footer = await readParquetFooter(store, files[0]!)
  await shapes.learn(files[0]!, { ...footer, encrypted: true })
  store.reads.length = 0
  await shapes.of(files)
  expect(store.reads).toHaveLength(1)
})
