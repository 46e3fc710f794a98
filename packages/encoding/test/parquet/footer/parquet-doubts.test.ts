import { describe, expect, it } from 'vitest'
import { ThriftWriter } from '../../../../testkit/src/encodings/thrift-writer.js'
import { columnlessRows, doubtedColumns as doubtedAt } from '../../../src/index.js'
import { parquetFixture } from '../../support/byte-store.js'

const doubtedColumns = (metadata: Uint8Array) => doubtedAt(metadata, 'a.parquet')
const utf8 = (text: string) => new TextEncoder().encode(text)
const int32 = (value: number) => new Uint8Array(Int32Array.of(value).buffer)
const double = (value: number) => new Uint8Array(Float64Array.of(value).buffer)

interface Said {
  /** Of parquet.thrift's Type and ConvertedType. */
  readonly type: number
  readonly converted?: number
  readonly orders?: boolean
  readonly bounds?: Readonly<Record<number, Uint8Array>>
  readonly bloom?: boolean
  readonly encrypted?: boolean
}

/** A footer of two columns, `n` about which nothing is said, and a struct with one field. */
function footerOf({ type, converted, orders = true, bounds, bloom, encrypted }: Said): Uint8Array {
  const out = new ThriftWriter().int(1, 1).list(2, 'struct', 4)
  out.open().bytes(4, 'root').int(5, 2).end()
  out.open().int(1, 1).int(3, 1).bytes(4, 'n').end()
  out.open().int(3, 1).bytes(4, 'group').int(5, 1).end()
  out.open().int(1, type)
  if (type === 7) out.int(2, 4)
  out.int(3, 1).bytes(4, 'c')
  if (converted !== undefined) out.int(6, converted)
  out.end().int(3, 10, 'i64').list(4, 'struct', 1).open().list(1, 'struct', 2)
  for (const isIt of [false, true]) {
    out.open().begin(3).int(5, 10, 'i64')
    if (isIt && bounds !== undefined) {
      out.begin(12)
      for (const [id, value] of Object.entries(bounds)) out.bytes(Number(id), value)
      out.end()
    }
    if (isIt && bloom) out.int(14, 4, 'i64')
    out.end().end()
  }
  out.int(3, 10, 'i64').end()
  if (orders) out.list(7, 'struct', 2).open().empty(1).end().open().empty(1).end()
  if (encrypted) out.begin(8).empty(1).end()
  return out.finish()
}

const [INT32, INT96, DOUBLE, BYTES] = [1, 3, 5, 6]
const [TEXT, UINT32] = [0, 13]
const TEXT_COLUMN = { type: BYTES, converted: TEXT }

describe('doubtedColumns', () => {
  it.each([
    ['bounds of a text in their order', { ...TEXT_COLUMN, bounds: { 5: utf8('é'), 6: utf8('a') } }],
    ['nothing said', TEXT_COLUMN],
    [
      'deprecated bounds of signed numbers',
      { type: INT32, orders: false, bounds: { 1: int32(3), 2: int32(-4) } },
    ],
    [
      'bounds of a float that leave NaN out',
      { type: DOUBLE, bounds: { 5: double(3), 6: double(-4) } },
    ],
    ['one bound alone', { ...TEXT_COLUMN, bounds: { 6: utf8('a') } }],
    ['a bloom filter of texts', { ...TEXT_COLUMN, bloom: true }],
  ])('believes %s', (_, said) => {
    expect([...doubtedColumns(footerOf(said))]).toEqual([])
  })

  it.each([
    ['deprecated bounds of texts', { ...TEXT_COLUMN, bounds: { 1: utf8('z'), 2: utf8('a') } }],
    [
      'bounds of texts without column orders',
      { ...TEXT_COLUMN, orders: false, bounds: { 5: utf8('z'), 6: utf8('a') } },
    ],
    ['texts the wrong way round', { ...TEXT_COLUMN, bounds: { 5: utf8('a'), 6: utf8('z') } }],
    [
      'a text cut inside a character',
      { ...TEXT_COLUMN, bounds: { 5: utf8('é').subarray(0, 1), 6: utf8('a') } },
    ],
    ['numbers the wrong way round', { type: INT32, bounds: { 5: int32(-1), 6: int32(4) } }],
    [
      'a number of too few bytes',
      { type: INT32, bounds: { 5: int32(5).subarray(1), 6: int32(4) } },
    ],
    [
      'deprecated bounds of unsigned numbers',
      { type: INT32, converted: UINT32, bounds: { 1: int32(1), 2: int32(0) } },
    ],
    ['NaN for a bound', { type: DOUBLE, bounds: { 5: double(Number.NaN), 6: double(1) } }],
    ['bounds of INT96', { type: INT96, bounds: { 5: new Uint8Array(12), 6: new Uint8Array(12) } }],
    ['a bloom filter of floats', { type: DOUBLE, bloom: true }],
  ])('doubts %s, and the column that it lies in', (_, said) => {
    expect([...doubtedColumns(footerOf(said))]).toEqual([1])
  })

  it('believes what a newer writer says', () => {
    const bytes = Buffer.from(parquetFixture('types-snappy.parquet'))
    const length = bytes.readUInt32LE(bytes.length - 8)
    const metadata = bytes.subarray(bytes.length - 8 - length, bytes.length - 8)
    expect([...doubtedColumns(metadata)]).toEqual([])
  })

  it('answers every cut footer with an error', () => {
    const footer = footerOf({ ...TEXT_COLUMN, bounds: { 5: utf8('b'), 6: utf8('a') } })
    for (let length = 0; length < footer.length; length++) {
      expect(() => doubtedColumns(footer.subarray(0, length))).toThrow()
    }
  })
})

describe('columnlessRows', () => {
  it('counts the rows of a file without columns', () => {
    const root = new ThriftWriter().int(1, 1).list(2, 'struct', 1)
    const footer = root.open().bytes(4, 'root').end().int(3, 7, 'i64').list(4, 'struct', 0)
    expect(columnlessRows(footer.finish(), 'a.parquet')).toBe(7)
  })

  it('is undefined where there are columns', () => {
    expect(columnlessRows(footerOf(TEXT_COLUMN), 'a.parquet')).toBeUndefined()
  })
})

it('refuses a footer that says that columns are encrypted, by name', () => {
  const footer = footerOf({ ...TEXT_COLUMN, encrypted: true })
  expect(() => doubtedColumns(footer)).toThrow(/a\.parquet.*encrypted columns/)
})
