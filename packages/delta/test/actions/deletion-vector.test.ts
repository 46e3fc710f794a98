import { isTableError } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { type VectorDescriptor, vectorFile, vectorId } from '../../src/actions/deletion-vector.js'

const source = { location: 's3://bucket/table' }
const descriptor = (fields: Partial<VectorDescriptor>): VectorDescriptor => ({
  storageType: 'u',
  pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^',
  offset: 4,
  sizeInBytes: 40,
  cardinality: 6,
  ...fields,
})

describe('deletion vector descriptors', () => {
  it('finds a vector under the prefix and UUID of the sample in PROTOCOL.md', () => {
    expect(vectorFile(source, descriptor({}))).toEqual({
      kind: 'deletion-vector',
      id: 'uab^-aqEH.-t@S}K{vb[*k^@4',
      bitmap: {
        path: 's3://bucket/table/ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin',
        offset: 8,
        length: 40,
      },
      cardinality: 6,
    })
  })

  it('reads the inline vector of the sample in PROTOCOL.md', () => {
    const inline = descriptor({
      storageType: 'i',
      pathOrInlineDv: 'wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L',
    })
    const { offset: _, ...withoutOffset } = inline
    const file = vectorFile(source, withoutOffset)
    expect(file.kind === 'deletion-vector' && file.bitmap).toHaveLength(40)
  })

  it('decodes an inline vector once, and only when its positions are asked for', () => {
    const broken = descriptor({ storageType: 'i', pathOrInlineDv: '~~~~~', sizeInBytes: 4 })
    const file = vectorFile(source, broken)
    expect(file).toMatchObject({ cardinality: broken.cardinality, inlineBytes: 4 })
    const bitmapOf = (each: typeof file) => each.kind === 'deletion-vector' && each.bitmap
    expect(() => bitmapOf(file)).toThrow(/not Z85/)
    const good = vectorFile(source, { ...broken, pathOrInlineDv: '00000' })
    expect(bitmapOf(good)).toBe(bitmapOf(good))
  })

  it('reads an inline vector whose last group is shortened', () => {
    const file = vectorFile(source, {
      storageType: 'i',
      pathOrInlineDv: '^Bg9^0rr910000000000iXQKl0rr91000005c8Xg##093',
      sizeInBytes: 34,
      cardinality: 1,
    })
    const bitmap = file.kind === 'deletion-vector' ? file.bitmap : undefined
    expect(bitmap instanceof Uint8Array && bitmap.subarray(32)).toEqual(Uint8Array.of(3, 0))
  })

  it('decodes an absolute path once and applies a rebase', () => {
    const vector = descriptor({ storageType: 'p', pathOrInlineDv: 's3://old/t/a%2520b.bin' })
    const rebased = { ...source, rebase: [{ from: 's3://old/t', to: 's3://new/t' }] }
    const file = vectorFile(rebased, vector)
    expect(file.kind === 'deletion-vector' && file.bitmap).toMatchObject({
      path: 's3://new/t/a%20b.bin',
    })
  })

  it('starts behind the version byte where no offset is recorded', () => {
    const { offset: _, ...vector } = descriptor({})
    const file = vectorFile(source, vector)
    expect(file.kind === 'deletion-vector' && file.bitmap).toMatchObject({ offset: 5 })
  })

  it('is told from others by type, path and offset', () => {
    const { offset: _, ...vector } = descriptor({ storageType: 'i', pathOrInlineDv: 'x' })
    expect([vectorId(vector), vectorId({ ...vector, offset: 0 })]).toEqual(['ix', 'ix@0'])
  })

  it.each<[string, Partial<VectorDescriptor>]>([
    ['an unknown storage type', { storageType: 'x' }],
    ['a UUID that is too short', { pathOrInlineDv: 'abc' }],
    ['a UUID that is no Z85', { pathOrInlineDv: '"'.repeat(20) }],
    ['an inline text that is no Z85', { storageType: 'i', pathOrInlineDv: '~~~~~' }],
    ['an inline text that is too short', { storageType: 'i', pathOrInlineDv: '00000' }],
    ['an inline vector of absurd size', { storageType: 'i', sizeInBytes: 1e12 }],
    ['a size that is no number', { sizeInBytes: Number.NaN }],
    ['a negative cardinality', { cardinality: -1 }],
    ['an offset before the file', { offset: -1 }],
    ['an offset in front of the whole frame', { offset: -5 }],
    ['an offset between two bytes', { offset: 1.5 }],
    ['an offset past 32 bits', { offset: 2 ** 31 }],
    ['an offset that no double adds to', { offset: Number.MAX_SAFE_INTEGER }],
    ['a stored vector of more than 32 bits', { sizeInBytes: 2 ** 31 }],
  ])('refuses %s', (_, fields) => {
    try {
      const file = vectorFile(source, descriptor(fields))
      // What is inline is decoded when it is asked for.
      expect(file).toHaveProperty('bitmap', expect.anything())
      expect.unreachable()
    } catch (error) {
      expect(isTableError(error) && error.code).toBe('TABLE_CORRUPT')
    }
  })
})
