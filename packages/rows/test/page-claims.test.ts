import { readFileSync } from 'node:fs'
import { parseParquetMetadata, requirePageClaims } from '@spillway/encoding'
import { ThriftWriter } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'

const FIXTURES = [
  'codec-brotli',
  'codec-gzip',
  'codec-lz4',
  'dictionary-fallback',
  'empty',
  'encodings-v1',
  'encodings-v2',
  'int96',
  'nested',
  'nested-v2',
  'types-required',
  'types-snappy',
  'types-v2-zstd',
]

const PARQUET = new URL('../../../test/fixtures/parquet/', import.meta.url)

const parquetFixture = (name: string) => new Uint8Array(readFileSync(new URL(name, PARQUET)))

function footerOf(file: Uint8Array): Uint8Array {
  const length = new DataView(file.buffer, file.byteOffset + file.length - 8).getUint32(0, true)
  return file.subarray(file.length - 8 - length, file.length - 8)
}

const readerOf = (file: Uint8Array) => async (start: number, end: number) =>
  file.subarray(start, Math.min(end, file.length))

const checked = (file: Uint8Array) => requirePageClaims(footerOf(file), readerOf(file), 'a.parquet')

/** A page header as a writer of these claims would have written it. */
function header(claims: {
  readonly size: number
  readonly stored: number
  readonly values: number
  readonly dictionary?: true
}): Uint8Array {
  const out = new ThriftWriter()
    .int(1, claims.dictionary ? 2 : 0)
    .int(2, claims.size)
    .int(3, claims.stored)
  if (claims.dictionary) out.begin(7).int(1, claims.values).int(2, 0).end()
  else out.begin(5).int(1, claims.values).int(2, 0).int(3, 3).int(4, 3).end()
  return out.finish()
}

describe('what pages claim', () => {
  it.each(FIXTURES)('is what they have in %s', async name => {
    await checked(parquetFixture(`${name}.parquet`))
  })

  const file = parquetFixture('types-snappy.parquet')
  const { chunks } = parseParquetMetadata(footerOf(file), 'a.parquet')
  const [chunk] = chunks(0)
  const room = chunk!.end - chunk!.start - 60
  const after = (bytes: Uint8Array) => async (start: number, end: number) =>
    start === chunk!.start ? bytes : file.subarray(start, end)

  it.each([
    ['two thousand million values', { size: 100, stored: 50, values: 2 ** 31 - 1 }, /claim/],
    ['millions of values', { size: 100, stored: 50, values: 2_000_000 }, /claim/],
    ['two gigabytes', { size: 2 ** 31 - 1, stored: 50, values: 1 }, /claims to hold/],
    ['more than is left', { size: 9000, stored: room + 10_000, values: 1 }, /are left/],
    ['a negative length', { size: 9000, stored: -5, values: 1 }, /are left/],
    [
      'a dictionary of more values than bytes',
      { size: 40, stored: 30, values: 2 ** 31 - 1, dictionary: true as const },
      /a dictionary of/,
    ],
  ])('is refused where it is %s', async (_, claims, message) => {
    const refused = requirePageClaims(footerOf(file), after(header(claims)), 'a.parquet')
    await expect(refused).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(message),
      context: { path: 'a.parquet' },
    })
  })

  it('may be longer than its chunk by what early writers did not count', async () => {
    const longer = header({ size: 100, stored: room + 100, values: 1 })
    await requirePageClaims(footerOf(file), after(longer), 'a.parquet')
  })

  it('may be a value more: not every writer counts well', async () => {
    const more = header({ size: 100, stored: room, values: chunk!.valueCount + 1 })
    await requirePageClaims(footerOf(file), after(more), 'a.parquet')
  })

  it('is left to the reader where it is no header', async () => {
    await requirePageClaims(footerOf(file), after(new Uint8Array(40).fill(0xff)), 'a.parquet')
    await requirePageClaims(new Uint8Array(40).fill(0xff), readerOf(file), 'a.parquet')
  })

  it('takes fewer reads than there are pages, where they are small', async () => {
    let reads = 0
    await requirePageClaims(
      footerOf(file),
      async (start, end) => {
        reads++
        return file.subarray(start, end)
      },
      'a.parquet',
    )
    expect(reads).toBeLessThan(chunks(0).length)
  })
})
