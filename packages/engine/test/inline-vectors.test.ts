import type { DataFile, DeleteFile, DeletionVector, RowResolver } from '@spillway/core'
import { TableError } from '@spillway/core'
import { turnsDuring } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { createEngine } from '../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from './table.js'

const ACCEPTS = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 }

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
    return new Uint8Array(36)
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
  const good = () => new Uint8Array(36)
  const files = Array.from({ length: 2000 }, (_, i) =>
    dataFile(`f${i}`, { deletes: [inline(i === 1999 ? broken : good)] }),
  )
  await expect(plan(files)()).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
})

it('a vector in the log is passed on however long it is: nothing but its own text would be', async () => {
  const long = inline(() => new Uint8Array(65), 65)
  expect(await plan([dataFile('a', { deletes: [long] })])()).toMatchObject([{ inlineBytes: 65 }])
})

it('where it must be in a file, it is written to one as it is', async () => {
  const { kind, id, cardinality } = inline(() => new Uint8Array(65), 65) as DeletionVector
  const long = { kind, id, cardinality, bitmap: new Uint8Array(65), inlineBytes: 65 }
  const stored = { path: `${LOCATION}/v.bin`, offset: 5, length: 65 }
  // As a resolver does it: everything else stays as it was.
  const resolver = {
    toDeletionVector: async () => long,
    toVectorFile: async (vector: DeletionVector) => ({ ...vector, bitmap: stored }),
  } as unknown as RowResolver
  const deletes = [long, { ...long, id: 'another' }]
  expect(await plan([dataFile('a', { deletes })], resolver)()).toMatchObject([{ bitmap: stored }])
})
