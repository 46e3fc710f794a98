import { isTableError, type ObjectStore } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../src/bytes/crc32.js'
import {
  parsePuffinFooter,
  readPuffinBlob,
  readPuffinFooter,
  unwrapDeletionVector,
} from '../src/puffin.js'

const MAGIC = Buffer.from('PFA1')

function puffin(blobs: readonly Uint8Array[], options: { flags?: number; pad?: string } = {}) {
  let offset = MAGIC.length
  const described = blobs.map(blob => {
    const one = { type: 'deletion-vector-v1', fields: [2147483546], offset, length: blob.length }
    offset += blob.length
    return { ...one, 'snapshot-id': -1, 'sequence-number': -1, properties: { cardinality: '1' } }
  })
  const footer = Buffer.from(
    JSON.stringify({ blobs: described, properties: { 'created-by': options.pad ?? 'a test' } }),
  )
  const end = Buffer.alloc(8)
  end.writeInt32LE(footer.length)
  end.writeInt32LE(options.flags ?? 0, 4)
  return Buffer.concat([MAGIC, ...blobs, MAGIC, footer, end, MAGIC])
}

/** A vector of no rows: magic and an empty 64-bit bitmap. */
function vector(): Buffer {
  const bitmap = Buffer.from([0xd1, 0xd3, 0x39, 0x64, 0, 0, 0, 0, 0, 0, 0, 0])
  const blob = Buffer.alloc(bitmap.length + 8)
  blob.writeUInt32BE(bitmap.length)
  bitmap.copy(blob, 4)
  blob.writeUInt32BE(crc32(bitmap), bitmap.length + 4)
  return blob
}

function storeOf(bytes: Uint8Array): Pick<ObjectStore, 'get'> & ObjectStore {
  return {
    get: async (path, options) => {
      const range = options?.range
      const meta = { path, size: bytes.length, lastModified: 0 }
      if (range === undefined) return { bytes, meta }
      if ('suffix' in range) return { bytes: bytes.subarray(-range.suffix), meta }
      return { bytes: bytes.subarray(range.start, range.end), meta }
    },
  } as ObjectStore
}

describe('a Puffin file', () => {
  it('gives its footer and the blobs that it names', async () => {
    const store = storeOf(puffin([vector(), Buffer.from('other')]))
    const footer = await readPuffinFooter(store, 'p')
    expect(footer.blobs.map(blob => [blob.type, blob.offset, blob.length])).toEqual([
      ['deletion-vector-v1', 4, 20],
      ['deletion-vector-v1', 24, 5],
    ])
    const second = await readPuffinBlob(store, 'p', footer.blobs[1]!)
    expect(Buffer.from(second).toString()).toBe('other')
  })

  it('reads a footer that is larger than the first read', async () => {
    const store = storeOf(puffin([vector()], { pad: 'x'.repeat(40_000) }))
    const footer = await readPuffinFooter(store, 'p')
    expect(footer.properties.get('created-by')).toHaveLength(40_000)
  })

  it('is refused at every length but its own', () => {
    const bytes = puffin([vector()])
    for (let end = 0; end < bytes.length; end++) {
      expect(() => parsePuffinFooter(bytes.subarray(0, end))).toThrow(/Puffin/)
    }
    expect(parsePuffinFooter(bytes).blobs).toHaveLength(1)
  })

  it.each([
    [1, 'UNSUPPORTED_FEATURE', /LZ4/],
    [2, 'TABLE_CORRUPT', /flags/],
  ])('with the footer flags %i is refused', (flags, code, message) => {
    const attempt = () => parsePuffinFooter(puffin([], { flags }))
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.objectContaining({ code }))
  })

  it('ends in a TableError or in a footer whatever byte is changed', () => {
    const whole = puffin([vector(), vector()])
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const bytes = Buffer.from(whole)
        bytes[at]! ^= flip
        try {
          parsePuffinFooter(bytes)
        } catch (error) {
          expect(isTableError(error)).toBe(true)
        }
      }
    }
  })
})

describe('unwrapDeletionVector', () => {
  it('returns magic and bitmap', () => {
    expect(Buffer.from(unwrapDeletionVector(vector()))).toEqual(vector().subarray(4, 16))
  })

  it('refuses a vector with any byte changed, and any shorter one', () => {
    for (let at = 0; at < 20; at++) {
      const bytes = vector()
      bytes[at]! ^= 4
      expect(() => unwrapDeletionVector(bytes)).toThrow(/deletion vector/)
      expect(() => unwrapDeletionVector(vector().subarray(0, at))).toThrow(/deletion vector/)
    }
  })
})
