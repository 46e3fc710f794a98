import { expect, it } from 'vitest'
import { turnsDuring } from '../../../testkit/src/support/turns-during.js'
import { crc32, type ObjectStore, readFramedBitmap } from '../../src/index.js'

function storeOf(bytes: Uint8Array): ObjectStore {
  return {
    async get(path, { range } = {}) {
      const found = range && 'start' in range ? bytes.subarray(range.start, range.end) : bytes
      return { bytes: found, meta: { path, size: bytes.length, lastModified: 0 } }
    },
  } as ObjectStore
}

it('lets others go on while the checksum of a long bitmap is computed', async () => {
  const length = 48 * 1024 * 1024
  const bytes = new Uint8Array(4 + length + 4).fill(7)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length)
  view.setUint32(4 + length, crc32(bytes.subarray(4, 4 + length)))
  const { turns, value } = await turnsDuring(() =>
    readFramedBitmap(storeOf(bytes), { path: 'dv.bin', offset: 4, length }),
  )
  expect(value?.length).toBe(length)
  expect(turns).toBeGreaterThan(5)
})
