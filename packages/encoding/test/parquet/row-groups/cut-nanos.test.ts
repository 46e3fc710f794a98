import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { cutNanos } from '../../../src/index.js'
import { byteStore } from '../../support/byte-store.js'

const REAL = fileURLToPath(new URL('../../../../../test/fixtures/real/parquet/', import.meta.url))

const bytesOf = (name: string) => readFileSync(`${REAL}${name}`)

function cutIn(bytes: Uint8Array, elements?: readonly number[]) {
  const { store, file } = byteStore(bytes)
  return cutNanos(store, file, { ...(elements && { elements }) })
}

/** The file with `value` wherever it holds `known`, in pages of plain values or dictionaries. */
function replaced(bytes: Buffer, known: bigint, value: bigint): Uint8Array {
  const [from, to] = [known, value].map(each => {
    const eight = Buffer.alloc(8)
    eight.writeBigInt64LE(each)
    return eight
  })
  const changed = Buffer.from(bytes)
  let at = changed.indexOf(from!)
  expect(at).toBeGreaterThan(-1)
  for (; at >= 0; at = changed.indexOf(from!, at + 8)) changed.set(to!, at)
  return changed
}

describe('cutNanos', () => {
  it.each(['nanos-pandas', 'nanos-nested', 'nanos-zoned'])(
    'finds none in %s, which holds whole microseconds before and after 1970, and nulls',
    async name => {
      expect(await cutIn(bytesOf(`${name}/table/a.parquet`))).toEqual(new Map())
    },
  )

  it('finds the first of a column, by its place in the footer', async () => {
    const found = await cutIn(bytesOf('nanos-cut/table/b.parquet'))
    expect(found).toEqual(new Map([[2, 1_704_067_200_000_000_001n]]))
    expect(await cutIn(bytesOf('nanos-cut/table/b.parquet'), [1])).toEqual(new Map())
  })

  it.each([
    [1n, true],
    [-1n, true],
    [999n, true],
    [-999n, true],
    [2n ** 63n - 1n, true],
    [-(2n ** 63n), true],
    [-(2n ** 63n) + 1n, true],
    [2n ** 32n, true],
    [-(2n ** 32n), true],
    [2n ** 32n * 125n, false],
    [-(2n ** 32n) * 125n, false],
    [9_223_372_036_854_775_000n, false],
    [-9_223_372_036_854_775_000n, false],
    [0n, false],
  ])('tells of %s in a dictionary of the second row group: %s', async (value, isCut) => {
    const bytes = bytesOf('nanos-zoned/table/a.parquet')
    const found = await cutIn(replaced(bytes, -1000n, value))
    expect([...found]).toEqual(isCut ? [[2, value]] : [])
  })

  it('reads only columns of nanoseconds', async () => {
    expect(await cutIn(bytesOf('types-moments/table/a.parquet'))).toEqual(new Map())
    expect(await cutIn(bytesOf('nanos-mixed/table/b.parquet'))).toEqual(new Map())
  })
})
