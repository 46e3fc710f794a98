import { crc32 } from 'node:zlib'
import type { DeletionVector } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { stagedName } from '../../src/rewrite/staged-name.js'
import { toVectorFile } from '../../src/rewrite/vector-file.js'
import { field, rowFixture, snapshotOf } from '../support/fixture.js'

const table = rowFixture()
const snapshot = snapshotOf([field('id', 'long', { id: 1 })])

function vector(bitmap: DeletionVector['bitmap'], cardinality: number, id = 'v'): DeletionVector {
  return { kind: 'deletion-vector', id, bitmap, cardinality }
}

describe('a long vector in staging', () => {
  it('is put into a file in steps', async () => {
    const bitmap = new Uint8Array(32 * 1024 * 1024).fill(7)
    const store = memoryStore()
    const staging = { store, location: 'mem:///staging' }
    const { turns, value } = await turnsDuring(() => toVectorFile(vector(bitmap, 1), staging))
    expect(turns).toBeGreaterThan(5)
    const { bytes } = (await store.get((value.bitmap as { path: string }).path))!
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    expect(view.getUint32(5 + bitmap.length)).toBe(crc32(bitmap))
  })

  it('names a staged file by all of its bytes, in steps', async () => {
    const file = await table.write('SELECT 1 AS id')
    const named = (each: DeletionVector) => stagedName(snapshot, { ...file, deletes: [each] })
    const bytes = new Uint8Array(32 * 1024 * 1024).fill(7)
    const { turns, value } = await turnsDuring(() => named(vector(bytes, 1)))
    // At once it would be one turn; how many steps there are is up to the machine.
    expect(turns).toBeGreaterThan(1)
    const other = bytes.slice()
    other[20_000_000] = 8
    const names = [
      value,
      await named(vector(other, 1)),
      await named(vector(bytes, 2)),
      await named(vector(bytes, 1, 'w')),
      await named(vector(bytes.subarray(1), 1)),
      await named(vector({ path: 'p', offset: 5, length: 9 }, 1)),
    ]
    expect(new Set(names).size).toBe(names.length)
    expect(await named(vector(bytes.slice(), 1))).toBe(value)
  })
})
