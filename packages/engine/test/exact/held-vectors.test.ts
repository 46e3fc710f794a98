import {
  crc32,
  type DataFile,
  type DeletionVector,
  type RowResolver,
  type TableFormat,
} from '@spillway/core'
import { checkVector, vectorBytes } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { inOwnFile } from '../../src/exact/vectors.js'
import { createEngine, type SignedFile } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from '../support/table.js'

const INSIDE = { features: new Set(['deletionVectors']), inlineVectorBytes: 64 * 1024 * 1024 }

async function sign(file: DataFile, format: TableFormat, stored?: Uint8Array) {
  const table = { files: [file], format, features: ['deletionVectors'] }
  const store = memoryStore()
  if (stored !== undefined) await store.put(`${LOCATION}/dv.bin`, stored)
  const engine = createEngine({
    readers: [scriptedReader(table)],
    signers: [scriptedSigner()],
    clock: () => 1000,
    store,
  })
  const files: SignedFile[] = []
  const snapshot = snapshotOf({ location: LOCATION }, table)
  for await (const batch of engine.signedFiles(snapshot, { accepts: INSIDE })) files.push(...batch)
  return files
}

/** Behind its length, before its checksum. */
function framed(bitmap: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + bitmap.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bitmap.length)
  bytes.set(bitmap, 4)
  view.setUint32(4 + bitmap.length, crc32(bitmap))
  return bytes
}

function inline(bitmap: Uint8Array, cardinality: number): DeletionVector {
  return { kind: 'deletion-vector', id: 'i', bitmap, cardinality }
}

function damaged(bitmap: Uint8Array, at: number, byte: number): Uint8Array {
  const bytes = bitmap.slice()
  bytes[at] = byte
  return bytes
}

const FIRST = vectorBytes([0, 5, 9])
const LIES: readonly (readonly [string, Uint8Array, number, RegExp])[] = [
  ['of more rows than its bitmap', FIRST, 4, /says 4 rows are deleted, its bitmap 3/],
  ['of no rows, with a bitmap that has some', FIRST, 0, /says 0 rows are deleted, its bitmap 3/],
  ['of rows, with an empty bitmap', vectorBytes([]), 3, /says 3 rows are deleted, its bitmap 0/],
  ['with another magic number', damaged(FIRST, 0, 1), 3, /magic number/],
  ['whose bitmap is none', damaged(FIRST, 16, 1), 3, /roaring bitmap/],
  ['that is cut', FIRST.subarray(0, 30), 3, /roaring bitmap/],
  ['of a row behind the end', vectorBytes([0, 5, 10]), 3, /row 10 of a file is deleted.* 10 rows/],
]

describe('a vector whose bytes go out with the answer', () => {
  it.each(LIES)('is refused in the log: %s', async (_, bitmap, cardinality, message) => {
    const file = dataFile('a', { deletes: [inline(bitmap, cardinality)] })
    await expect(sign(file, 'delta')).rejects.toMatchObject({ code: 'TABLE_CORRUPT', message })
  })

  it.each(LIES)('is refused in a Puffin file: %s', async (_, bitmap, cardinality, message) => {
    const stored = { path: `${LOCATION}/dv.bin`, offset: 4, length: bitmap.length }
    const vector = { ...inline(bitmap, cardinality), bitmap: stored }
    await expect(
      sign(dataFile('a', { deletes: [vector] }), 'iceberg', framed(bitmap)),
    ).rejects.toMatchObject({ code: 'TABLE_CORRUPT', message })
  })

  it('is sent as it is where it says what its metadata does', async () => {
    for (const [bitmap, cardinality] of [[FIRST, 3] as const, [vectorBytes([]), 0] as const]) {
      const vector = inline(bitmap, cardinality)
      const [file] = await sign(dataFile('a', { deletes: [vector] }), 'delta')
      expect(file?.vector?.vector).toEqual(vector)
    }
  })

  it('is looked through in steps', () => {
    const positions = Float64Array.from({ length: 6_000_000 }, (_, i) => 16 * i)
    const bitmap = vectorBytes(positions)
    const vector = inline(bitmap, positions.length)
    let steps = 0
    const file = dataFile('a', { recordCount: 16 * positions.length })
    for (const _ of checkVector(bitmap, vector, file)) steps++
    expect(steps).toBeGreaterThan(3)
  })
})

it('a vector that lies is given no file of its own among changes', async () => {
  const written: unknown[] = []
  const rowResolver: RowResolver = {
    toDeletionVector: () => Promise.reject(new Error('it is one')),
    splitSlice: async () => undefined,
    splitByValue: async (_, file) => [file],
    async toVectorFile(given) {
      written.push(given)
      return given
    },
  }
  const store = memoryStore()
  await store.put(`${LOCATION}/dv.bin`, framed(FIRST))
  const stored = { path: `${LOCATION}/dv.bin`, offset: 4, length: FIRST.length }
  const vector = { ...inline(FIRST, 2), bitmap: stored }
  const exact = {
    snapshot: snapshotOf({ location: LOCATION }, { files: [] }),
    accepts: INSIDE,
    rowResolver,
    store,
  }
  await expect(
    inOwnFile(vector, dataFile('a'), { ...exact, resolver: rowResolver }),
  ).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  expect(written).toEqual([])
})
