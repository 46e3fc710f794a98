import { readFileSync } from 'node:fs'
import { type ObjectStore, TableError } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { fileShapes } from '../../../src/index.js'
import { parquetFixture } from '../../support/byte-store.js'

interface Counted {
  readonly store: ObjectStore
  readonly asked: { readonly path: string; readonly bytes: number }[]
  most: number
}

/** Objects in memory, and what was read of them; reads take a turn, so that they overlap where they may. */
function countingStore(objects: Readonly<Record<string, Uint8Array>>): Counted {
  let running = 0
  const counted: Counted = {
    asked: [],
    most: 0,
    store: {
      get: async (path, options) => {
        counted.most = Math.max(counted.most, ++running)
        await new Promise(resolve => setTimeout(resolve, 1))
        running--
        const bytes = objects[path]
        if (bytes === undefined) return undefined
        const { start, end } = options!.range as { start: number; end: number }
        const read = bytes.subarray(start, Math.min(end, bytes.length))
        counted.asked.push({ path, bytes: read.length })
        return { bytes: read, meta: { path, size: bytes.length, lastModified: 0 } }
      },
      head: async () => undefined,
      list: async function* () {},
      listPrefixes: async function* () {},
    },
  }
  return counted
}

const REAL = new URL('../../../../../test/fixtures/real/', import.meta.url)
const PLAIN = parquetFixture('types-snappy.parquet')
const OTHER = parquetFixture('int96.parquet')
const many = (count: number, bytes = PLAIN) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`file:///t/${i}.parquet`, bytes]))
const filesOf = (objects: Readonly<Record<string, Uint8Array>>) =>
  Object.entries(objects).map(([path, { length: size }]) => ({ path, size }))

describe('fileShapes', () => {
  it('gives one shape a file, in order, and one object to all that agree', async () => {
    const objects = { a: PLAIN, b: OTHER, c: PLAIN }
    const { store } = countingStore(objects)
    const [a, b, c] = await fileShapes({ store }).of(filesOf(objects))
    expect(a).toBe(c)
    expect(b).not.toBe(a)
    expect(b).toMatchObject({ hasFieldIds: false, columns: [{ annotation: 'int96' }] })
  })

  it('reads a footer once, whoever asks and how often', async () => {
    const objects = many(3)
    const counted = countingStore(objects)
    const shapes = fileShapes(counted)
    const files = filesOf(objects)
    await Promise.all([shapes.of(files), shapes.of([...files].reverse())])
    await shapes.of(files)
    expect(counted.asked.map(({ path }) => path).sort()).toEqual(Object.keys(objects))
  })

  it('reads a file of another size anew', async () => {
    const objects = { a: PLAIN }
    const counted = countingStore(objects)
    const shapes = fileShapes(counted)
    await shapes.of(filesOf(objects))
    Object.assign(objects, { a: OTHER })
    const [shape] = await shapes.of(filesOf(objects))
    expect(shape).toMatchObject({ columns: [{ annotation: 'int96' }] })
  })

  it('reads many at a time, and no more than it was told', async () => {
    const objects = many(20)
    const counted = countingStore(objects)
    await fileShapes({ store: counted.store, concurrency: 5 }).of(filesOf(objects))
    expect([counted.most, counted.asked.length]).toEqual([5, 20])
  })

  it('learns how long footers are: one request a file, of few bytes', async () => {
    const objects = many(10, OTHER)
    const counted = countingStore(objects)
    await fileShapes({ store: counted.store, concurrency: 1 }).of(filesOf(objects))
    const sizes = counted.asked.map(({ bytes }) => bytes)
    expect(sizes).toHaveLength(10)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16 * 1024)
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(4 * 1024)
  })

  it('tells an empty file from one with rows under the same columns', async () => {
    const bytes = readFileSync(new URL('parquet/empty/table/p=1/none.parquet', REAL))
    const { store } = countingStore({ none: bytes, some: PLAIN })
    const files = filesOf({ none: bytes, some: PLAIN })
    const shapes = await fileShapes({ store }).of(files)
    expect(shapes.map(({ isEmpty }) => isEmpty)).toEqual([true, undefined])
  })

  it('forgets the oldest beyond what it may keep', async () => {
    const objects = many(4)
    const counted = countingStore(objects)
    const shapes = fileShapes({ store: counted.store, maxFiles: 2, concurrency: 1 })
    const files = filesOf(objects)
    await shapes.of(files)
    await shapes.of(files.slice(2))
    expect(counted.asked).toHaveLength(4)
    await shapes.of(files.slice(0, 1))
    expect(counted.asked).toHaveLength(5)
  })

  it('stops when its caller does, and is none the worse for it', async () => {
    const objects = many(50)
    const counted = countingStore(objects)
    const shapes = fileShapes({ store: counted.store, concurrency: 2 })
    const controller = new AbortController()
    const asked = shapes.of(filesOf(objects), controller.signal)
    controller.abort()
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(counted.asked.length).toBeLessThan(50)
    expect(await shapes.of(filesOf(objects))).toHaveLength(50)
  })

  it.each([
    ['is missing', { size: PLAIN.length }, undefined, 'TABLE_CORRUPT'],
    ['is shorter than recorded', { size: PLAIN.length + 9 }, PLAIN, 'TABLE_CORRUPT'],
    ['is too short for a footer', { size: 7 }, PLAIN.subarray(0, 7), 'TABLE_CORRUPT'],
    ['is no Parquet file', { size: 100 }, new Uint8Array(100), 'TABLE_CORRUPT'],
    [
      'has an encrypted footer',
      {},
      parquetFixture('../real/parquet/encrypted-footer/table/a.parquet'),
      'UNSUPPORTED_FEATURE',
    ],
    [
      'has encrypted columns',
      {},
      parquetFixture('../real/parquet/encrypted-columns/table/a.parquet'),
      'UNSUPPORTED_FEATURE',
    ],
  ])('names a file that %s', async (_, given, bytes, code) => {
    const { store } = countingStore(bytes === undefined ? {} : { bad: bytes })
    const size = (given as { size?: number }).size ?? bytes!.length
    const failed = fileShapes({ store }).of([{ path: 'bad', size }])
    await expect(failed).rejects.toMatchObject({ code, context: { path: 'bad' } })
    await expect(failed).rejects.toBeInstanceOf(TableError)
  })

  it('asks again for what failed once', async () => {
    const objects: Record<string, Uint8Array> = {}
    const shapes = fileShapes(countingStore(objects))
    const files = [{ path: 'late', size: PLAIN.length }]
    await expect(shapes.of(files)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    objects.late = PLAIN
    expect(await shapes.of(files)).toHaveLength(1)
  })
})
