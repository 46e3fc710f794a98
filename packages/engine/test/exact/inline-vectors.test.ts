import type { DataFile, DeleteFile, DeletionVector, RowResolver } from '@spillway/core'
import { TableError } from '@spillway/core'
import { vectorBytes } from '@spillway/encoding'
import { turnsDuring } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { createEngine } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from '../support/table.js'

const ACCEPTS = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 }

const TWO = vectorBytes([1, 5])

/** A vector that stands in the log, and what becomes of asking for its positions. */
function inline(decode: () => Uint8Array, inlineBytes = 36): DeleteFile {
  return {
    kind: 'deletion-vector',
    id: 'i',
    cardinality: 2,
    inlineBytes,
    get bitmap() {
      return decode()
    },
  }
}

/** Longer than a line may hold. */
function longVector() {
  const bitmap = vectorBytes(Array.from({ length: 17 }, (_, i) => 3 * i))
  expect(bitmap.length).toBeGreaterThan(ACCEPTS.inlineVectorBytes)
  return { ...inline(() => bitmap, bitmap.length), cardinality: 17, inlineBytes: bitmap.length }
}

function plan(files: readonly DataFile[], rowResolver?: RowResolver) {
  const table = { files, features: ['deletionVectors'] }
  const engine = createEngine({
    readers: [scriptedReader(table)],
    signers: [scriptedSigner()],
    ...(rowResolver && { rowResolver }),
  })
  const snapshot = snapshotOf({ location: LOCATION }, table)
  return async () => {
    const vectors: DeletionVector[] = []
    for await (const batch of engine.signedFiles(snapshot, { accepts: ACCEPTS })) {
      for (const { vector } of batch) if (vector !== undefined) vectors.push(vector.vector)
    }
    return vectors
  }
}

it('vectors in the log are decoded in turns with others, once before the first byte', async () => {
  let decoded = 0
  const slow = () => {
    decoded++
    for (const end = performance.now() + 2; performance.now() < end; );
    return TWO
  }
  const files = Array.from({ length: 200 }, (_, i) =>
    dataFile(`f${i}`, { deletes: [inline(slow)] }),
  )
  const { turns, value } = await turnsDuring(plan(files))
  expect([value.length, decoded]).toEqual([200, 200])
  expect(turns).toBeGreaterThan(30)
})

it('a text that is no vector is refused before the first file, however late it comes', async () => {
  const broken = () => {
    throw new TableError('TABLE_CORRUPT', 'the text is not Z85')
  }
  const good = () => TWO
  const files = Array.from({ length: 2000 }, (_, i) =>
    dataFile(`f${i}`, { deletes: [inline(i === 1999 ? broken : good)] }),
  )
  await expect(plan(files)()).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
})

it('a vector in the log is passed on however long it is: nothing but its own text would be', async () => {
  const long = longVector()
  const file = dataFile('a', { deletes: [long], recordCount: 100 })
  expect(await plan([file])()).toMatchObject([{ inlineBytes: long.inlineBytes }])
})

it('where it must be in a file, it is written to one as it is', async () => {
  const long = longVector()
  const stored = { path: `${LOCATION}/v.bin`, offset: 5, length: long.inlineBytes }
  // As a resolver does it: everything else stays as it was.
  const resolver = {
    toDeletionVector: async () => long,
    toVectorFile: async (vector: DeletionVector) => ({ ...vector, bitmap: stored }),
  } as unknown as RowResolver
  const deletes = [long, { ...long, id: 'another' }]
  const file = dataFile('a', { deletes, recordCount: 100 })
  expect(await plan([file], resolver)()).toMatchObject([{ bitmap: stored }])
})

it.each([
  ['more rows than it has positions', TWO, 3],
  ['rows that the file does not have', vectorBytes([1, 10]), 2],
  ['rows by a bitmap that is none', TWO.subarray(0, 20), 2],
])('a vector in the log that says %s is refused before the first file', async (_, bitmap, of) => {
  const lying = { ...inline(() => bitmap, bitmap.length), cardinality: of }
  const files = Array.from({ length: 1500 }, (_, i) =>
    dataFile(`f${i}`, { deletes: [i === 1499 ? lying : inline(() => TWO)] }),
  )
  const batches: unknown[] = []
  const table = { files, features: ['deletionVectors'] }
  const engine = createEngine({ readers: [scriptedReader(table)], signers: [scriptedSigner()] })
  const reading = async () => {
    const snapshot = snapshotOf({ location: LOCATION }, table)
    for await (const some of engine.signedFiles(snapshot, { accepts: ACCEPTS })) batches.push(some)
  }
  await expect(reading()).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  expect(batches).toEqual([])
})
