import { BytesBuilder, columnBuilder, grown, readString, trimmed } from '@spillway/core'
import { describe, expect, it } from 'vitest'

const MB = 1024 ** 2

describe('grown', () => {
  it('is the same array while there is room', () => {
    const values = new Uint8Array(64)
    expect(grown(values, 64)).toBe(values)
  })

  it('keeps what was there, in an array of its kind', () => {
    const larger = grown(Int32Array.of(1, 2, 3), 4)
    expect(larger).toBeInstanceOf(Int32Array)
    expect([...larger.subarray(0, 4)]).toEqual([1, 2, 3, 0])
  })

  it('doubles what is small', () => {
    expect(grown(new Uint8Array(1000), 1001)).toHaveLength(2000)
    expect(grown(new Uint8Array(1000), 5000)).toHaveLength(5000)
  })

  it('copies a large array once, where it is told how much there will be', () => {
    const larger = grown(new Uint8Array(4 * MB), 4 * MB + 1, { likely: 90 * MB })
    expect(larger).toHaveLength(90 * MB)
  })

  it('believes no estimate that is far off, or below what is needed', () => {
    expect(grown(new Uint8Array(0), 4 * MB, { likely: 2 ** 40 }).length).toBeLessThan(2 ** 29)
    expect(grown(new Uint8Array(4 * MB), 5 * MB, { likely: 10 }).length).toBeGreaterThan(5 * MB)
  })

  it('is held to the most that an array may be', () => {
    expect(grown(new Uint8Array(4 * MB), 5 * MB, { most: 6 * MB })).toHaveLength(6 * MB)
  })
})

describe('trimmed', () => {
  it('lets go of what was set aside beyond a small array', () => {
    const short = trimmed(new Float64Array(1000), 3)
    expect(short.buffer.byteLength).toBe(24)
  })

  it('copies no large array', () => {
    const values = new Float64Array(2 * MB)
    expect(trimmed(values, MB).buffer).toBe(values.buffer)
  })
})

it('a column of many megabytes of text is what was appended', () => {
  const builder = new BytesBuilder()
  const textOf = (i: number) => `${'ä'.repeat(500)}${i}`
  for (let i = 0; i < 12_000; i++) builder.append(i % 1000 === 7 ? null : textOf(i))
  const column = builder.finish()
  for (const row of [0, 6, 8, 4_000, 11_999]) expect(readString(column, row)).toBe(textOf(row))
  expect(column.offsets).toHaveLength(12_001)
  expect(column.data.length).toBe(column.offsets.at(-1))
})

it('a column of a million numbers is what was appended', () => {
  const builder = columnBuilder('long')!
  for (let i = 0; i < 1_100_000; i++) builder.append(i === 5 ? null : BigInt(i))
  const column = builder.finish()
  if (column.kind !== 'int64') throw new Error('another kind')
  expect(column.values).toHaveLength(1_100_000)
  expect(column.values.at(-1)).toBe(1_099_999n)
  expect(column.validity!.length).toBe(Math.ceil(1_100_000 / 8))
})
