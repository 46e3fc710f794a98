import { DEFAULT_BUDGETS, isTableError } from '@spillway/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { Inflation, parquetReader, readParquetFooter } from '../../src/index.js'
import { pageCodecs } from '../../src/parquet/pages/parquet-codec.js'
import { byteStore, parquetFixture } from '../support/byte-store.js'

const NAMES = [
  'types-v2-zstd',
  'types-required',
  'encodings-v1',
  'nested',
  'codec-lz4',
  'codec-gzip',
]

/** Reads everything; what is thrown must be a TableError that names the file. */
async function read(bytes: Uint8Array): Promise<void> {
  const { store, file } = byteStore(bytes)
  try {
    const footer = await readParquetFooter(store, file)
    const leaves = footer.leaves.map(({ path }) => path)
    for await (const batch of parquetReader().read(store, file, { leaves })) {
      expect(batch.length).toBeGreaterThan(0)
    }
  } catch (error) {
    if (!isTableError(error)) throw error
    expect(['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE']).toContain(error.code)
    expect(error.context.path).toBe(file.path)
  }
}

it('answers flipped bytes with values or a TableError', async () => {
  const originals = NAMES.map(name => parquetFixture(`${name}.parquet`))
  const flips = fc.array(
    fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.integer({ min: 0, max: 255 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  // Half of the flips fall into the footer, where one byte changes the most.
  const change = fc.tuple(fc.nat({ max: NAMES.length - 1 }), flips, fc.boolean())
  await fc.assert(
    fc.asyncProperty(change, async ([which, changes, inFooter]) => {
      const bytes = originals[which]!.slice()
      const from = inFooter ? Math.floor(bytes.length * 0.75) : 0
      for (const [at, value] of changes)
        bytes[from + Math.floor((bytes.length - from) * at)] = value
      await read(bytes)
    }),
    { seed: 6, numRuns: quickOr(300, 1500) },
  )
}, 120_000)

it('answers truncated files with a TableError', async () => {
  const whole = parquetFixture('nested.parquet')
  for (let length = 0; length < whole.length; length += 97) await read(whole.slice(0, length))
})

it('refuses a footer that claims to be longer than its file', async () => {
  const bytes = parquetFixture('types-v2-zstd.parquet')
  new DataView(bytes.buffer).setUint32(bytes.length - 8, 0x7fffffff, true)
  const { store, file } = byteStore(bytes)
  await expect(readParquetFooter(store, file)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
})

it.each([
  ['snappy', 1000, 40_000],
  ['zstd', 100, 600_000_000],
  ['gzip', 50, 100_000],
] as const)('refuses a %s page of %d bytes that claims to hold %d', (codec, size, claim) => {
  const room = new Inflation(DEFAULT_BUDGETS, { what: 'a page', storedBytes: size })
  const decompress = () => pageCodecs().decompress(codec, new Uint8Array(size), claim, room).next()
  expect(decompress).toThrow(/claims to hold|a page/)
})
