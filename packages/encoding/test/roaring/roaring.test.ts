import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { readRoaring64, writeRoaring64 } from '../../src/index.js'
import { readRoaring32 } from '../../src/roaring/roaring.js'

const FOLDER = new URL('../../../../test/fixtures/roaring/', import.meta.url)

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.bin`, FOLDER)))
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i)
}

describe('readRoaring64', () => {
  it.each([
    ['empty', []],
    ['array', [0, 1, 65535, 65536, 70000, 2 ** 32 - 1]],
    ['runs', [...range(10, 5000), ...range(65530, 70000), ...range(2 ** 20, 2 ** 20 + 9)]],
    ['many-runs', range(0, 8).flatMap(base => range(base * 65536, base * 65536 + 300))],
    ['wide', [5, 2 ** 32 + 5, 2 ** 32 + 6, 2 ** 40, ...range(2 ** 45, 2 ** 45 + 100)]],
  ])('reads what CRoaring wrote: %s', (name, positions) => {
    const bitmap = readRoaring64(fixture(name))
    expect([...bitmap]).toEqual(positions)
    expect(bitmap.cardinality).toBe(positions.length)
  })

  it('reads bitmap containers', () => {
    const bitmap = readRoaring64(fixture('bitmap'))
    const positions = [...bitmap]
    expect(bitmap.cardinality).toBe(20000)
    expect(positions.every((position, i) => i === 0 || position > positions[i - 1]!)).toBe(true)
    expect(readRoaring64(writeRoaring64(positions)).cardinality).toBe(20000)
  })

  it('reads from a Buffer, whose slices share its memory', () => {
    const positions = [3, 70000, ...range(200_000, 206_000)]
    const written = writeRoaring64(positions)
    const pooled = Buffer.concat([Buffer.from([1, 2, 3]), written]).subarray(3)
    expect([...readRoaring64(pooled)]).toEqual(positions)
  })

  it('reads a 32-bit bitmap alone', () => {
    expect([...readRoaring32(fixture('narrow32'))]).toEqual([3, 7, ...range(100, 200)])
  })

  it('answers membership', () => {
    const bitmap = readRoaring64(fixture('wide'))
    const asked = [4, 5, 6, 2 ** 32 + 6, 2 ** 32 + 7, 2 ** 45 + 99, 2 ** 45 + 100]
    expect(asked.map(position => bitmap.has(position))).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ])
  })

  it('writes the very bytes that CRoaring writes', () => {
    for (const name of ['empty', 'array', 'runs', 'many-runs', 'wide']) {
      const bytes = fixture(name)
      expect(Buffer.from(writeRoaring64(readRoaring64(bytes))).equals(bytes)).toBe(true)
    }
  })

  it('reads back any set of positions', () => {
    const position = fc.oneof(
      fc.integer({ min: 0, max: 200_000 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    )
    const block = fc
      .tuple(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 0, max: 9000 }))
      .map(([start, length]) => range(start, start + length))
    fc.assert(
      fc.property(fc.array(position), fc.array(block, { maxLength: 3 }), (some, blocks) => {
        const positions = [...new Set([...some, ...blocks.flat()])].sort((a, b) => a - b)
        const bitmap = readRoaring64(writeRoaring64([...positions].reverse()))
        expect([...bitmap]).toEqual(positions)
        expect(positions.slice(0, 50).every(each => bitmap.has(each))).toBe(true)
      }),
      { seed: 1, numRuns: quickOr(25, 100) },
    )
  })

  it('refuses broken bytes with TABLE_CORRUPT and nothing else', () => {
    const originals = ['array', 'bitmap', 'runs', 'many-runs', 'wide'].map(fixture)
    const change = fc.record({
      which: fc.integer({ min: 0, max: originals.length - 1 }),
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      value: fc.integer({ min: 0, max: 255 }),
      cut: fc.double({ min: 0.1, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(change, ({ which, at, value, cut }) => {
        const original = originals[which]!
        const bytes = original.slice(0, Math.ceil(original.length * cut))
        bytes[Math.floor(bytes.length * at)] = value
        try {
          const bitmap = readRoaring64(bytes, 's3://bucket/dv.bin')
          expect([...bitmap].length).toBe(bitmap.cardinality)
        } catch (error) {
          expect(error).toMatchObject({
            code: 'TABLE_CORRUPT',
            context: { path: 's3://bucket/dv.bin' },
          })
        }
      }),
      { seed: 2, numRuns: quickOr(600, 3000) },
    )
  })
})
