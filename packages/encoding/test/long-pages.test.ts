import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib'
import { DEFAULT_BUDGETS, inSlices, Slices } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quickOr } from '../../testkit/src/support/long-tier.js'
import { inflateAvroBlockLater } from '../src/avro/avro-codec.js'
import { crc32 } from '../src/bytes/crc32.js'
import { FormatError } from '../src/bytes/format-error.js'
import { documentBytes } from '../src/compression/inflate.js'
import { inflateBytes } from '../src/compression/inflate-bytes.js'
import { inflateBytesLater } from '../src/compression/inflate-later.js'
import { Inflation } from '../src/compression/inflation.js'
import { decompressSnappy } from '../src/compression/snappy.js'
import { decompressSnappyInSteps } from '../src/compression/snappy-steps.js'
import { longestZstd } from '../src/compression/zstd-length.js'
import type { ParquetCodec } from '../src/parquet/footer/parquet-metadata.js'
import { pageCodecs } from '../src/parquet/pages/parquet-codec.js'
import { parquetFixture } from './support/byte-store.js'

const roomFor = (storedBytes: number) =>
  new Inflation({ ...DEFAULT_BUDGETS, inflationRatio: 1e6 }, { what: 'a page', storedBytes })

/** An element of snappy and what a model of it writes. */
type Element =
  | { readonly literal: Uint8Array; readonly width: number }
  | { readonly length: number; readonly back: number; readonly width: 1 | 2 | 4 }

/** The data that elements make, and what it becomes. */
function snappyOf(elements: readonly Element[]): { bytes: Uint8Array; becomes: Uint8Array } {
  const parts: number[] = []
  const output: number[] = []
  const number = (value: number, width: number) => {
    for (let i = 0; i < width; i++) parts.push(Math.floor(value / 2 ** (8 * i)) & 0xff)
  }
  for (const element of elements) {
    if ('literal' in element) {
      const { literal, width } = element
      if (literal.length === 0) continue
      const stated = literal.length - 1
      if (width === 0 && stated < 60) parts.push(stated << 2)
      else {
        const bytes = Math.max(width, stated < 256 ? 1 : 2)
        parts.push((59 + bytes) << 2)
        number(stated, bytes)
      }
      parts.push(...literal)
      output.push(...literal)
      continue
    }
    const longest = element.width === 1 ? 2047 : 65_535
    const offset = 1 + (element.back % Math.min(output.length, longest))
    if (output.length === 0) continue
    const length = element.width === 1 ? 4 + (element.length % 8) : 1 + (element.length % 64)
    if (element.width === 1)
      parts.push(1 | ((length - 4) << 2) | ((offset >> 8) << 5), offset & 255)
    else {
      parts.push((element.width === 2 ? 2 : 3) | ((length - 1) << 2))
      number(offset, element.width)
    }
    for (let i = 0; i < length; i++) output.push(output[output.length - offset]!)
  }
  const size: number[] = []
  let rest = output.length
  for (; rest >= 0x80; rest >>>= 7) size.push((rest & 0x7f) | 0x80)
  return { bytes: Uint8Array.from([...size, rest, ...parts]), becomes: Uint8Array.from(output) }
}

const elements = fc.array(
  fc.oneof(
    fc.record({
      literal: fc.uint8Array({ maxLength: 300 }),
      width: fc.constantFrom(0, 1, 2, 3, 4),
    }),
    fc.record({
      length: fc.nat(100),
      back: fc.nat(70_000),
      width: fc.constantFrom<1 | 2 | 4>(1, 2, 4),
    }),
  ),
  { maxLength: 60 },
)

function stepped(bytes: Uint8Array, size: number): Uint8Array {
  const steps = decompressSnappyInSteps(bytes, size)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

const outcome = (read: () => Uint8Array): string => {
  try {
    return Buffer.from(read()).toString('hex')
  } catch {
    return 'refused'
  }
}

describe('snappy in steps', () => {
  it('gives what the elements say, as the decoder in WebAssembly does', () => {
    fc.assert(
      fc.property(elements, some => {
        const { bytes, becomes } = snappyOf(some)
        expect(stepped(bytes, becomes.length)).toEqual(becomes)
        if (becomes.length > 0) expect(decompressSnappy(bytes, becomes.length)).toEqual(becomes)
      }),
      { numRuns: quickOr(125, 500) },
    )
  })

  it('never gives what the decoder in WebAssembly refuses or says otherwise', () => {
    fc.assert(
      fc.property(elements, fc.nat(), fc.nat(255), fc.boolean(), (some, where, byte, cut) => {
        const { bytes, becomes } = snappyOf(some)
        const at = where % bytes.length
        const broken = cut ? bytes.slice(0, at) : bytes.slice()
        if (!cut) broken[at] = byte
        const found = outcome(() => stepped(broken, becomes.length))
        const expected = outcome(() => decompressSnappy(broken, becomes.length))
        if (found !== 'refused') expect(found).toBe(expected)
      }),
      { numRuns: quickOr(500, 2000) },
    )
  })
})

/** 6 MB that are neither all alike nor noise. */
const long = Buffer.from(
  Array.from({ length: 300_000 }, (_, i) => `part-${(i * 2654435761) % 1_000_003} of many;`).join(
    '',
  ),
)

/** Literals of 60 KB, as Snappy and LZ4 state them. */
function literals(codec: 'snappy' | 'lz4_raw', bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  if (codec === 'snappy') {
    const size: number[] = []
    let rest = bytes.length
    for (; rest >= 0x80; rest >>>= 7) size.push((rest & 0x7f) | 0x80)
    parts.push(Uint8Array.from([...size, rest]))
    for (let at = 0; at < bytes.length; at += 60_000) {
      const piece = bytes.subarray(at, at + 60_000)
      parts.push(Uint8Array.of(61 << 2, (piece.length - 1) & 0xff, (piece.length - 1) >> 8), piece)
    }
    return Buffer.concat(parts)
  }
  const extra = bytes.length - 15
  return Buffer.concat([
    Uint8Array.of(0xf0),
    new Uint8Array(Math.floor(extra / 255)).fill(255),
    Uint8Array.of(extra % 255),
    bytes,
  ])
}

/** A frame of raw blocks (RFC 8878, 3.1.1), its size stated in four bytes. */
function zstd(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(9)
  header.writeUInt32LE(0xfd2fb528, 0)
  header[4] = 0b1010_0000
  header.writeUInt32LE(bytes.length, 5)
  const parts: Uint8Array[] = [header]
  for (let at = 0; at < bytes.length; at += 128 * 1024) {
    const piece = bytes.subarray(at, at + 128 * 1024)
    const block = Buffer.alloc(3)
    block.writeUIntLE((piece.length << 3) | (at + piece.length === bytes.length ? 1 : 0), 0, 3)
    parts.push(block, piece)
  }
  return Buffer.concat(parts)
}

const pages: readonly [ParquetCodec, (bytes: Uint8Array) => Uint8Array][] = [
  ['snappy', bytes => literals('snappy', bytes)],
  ['lz4_raw', bytes => literals('lz4_raw', bytes)],
  ['lz4', bytes => literals('lz4_raw', bytes)],
  ['gzip', gzipSync],
  ['brotli', bytes => brotliCompressSync(bytes, { params: { 1: 3 } })],
  ['zstd', zstd],
]

async function decompress(codec: ParquetCodec, bytes: Uint8Array, size: number) {
  const codecs = pageCodecs()
  await codecs.prepare(codec)
  return inSlices(
    codecs.decompress(codec, bytes, size, roomFor(bytes.length)),
    new Slices(),
    next => next(),
  )
}

describe.each(pages)('a long page of %s', (codec, compress) => {
  const bytes = compress(long)

  it('is what was compressed', async () => {
    expect(Buffer.compare(await decompress(codec, bytes, long.length), long)).toBe(0)
  })

  it('takes more than one step', () => {
    const steps = pageCodecs().decompress(codec, bytes, long.length, roomFor(bytes.length))
    expect(steps.next().done).toBe(false)
  })

  it.each([
    ['cut short', bytes.subarray(0, bytes.length - 1000), long.length],
    ['stated longer', bytes, long.length + 1],
    ['stated shorter', bytes, long.length - 1],
    ['of no such data', new Uint8Array(bytes.length).fill(0x9d), long.length],
  ])('is refused %s', async (_, broken, size) => {
    await expect(decompress(codec, broken, size)).rejects.toBeInstanceOf(FormatError)
  })
})

it.each([
  ['snappy', (bytes: Uint8Array) => literals('snappy', bytes)],
  ['zstd', zstd],
] as const)('%s takes more than one step where a page is longer still', async (codec, compress) => {
  const longer = Buffer.concat(new Array(4).fill(long))
  const bytes = compress(longer)
  const steps = pageCodecs().decompress(codec, bytes, longer.length, roomFor(bytes.length))
  expect(steps.next().done).toBe(false)
  expect(Buffer.compare(await decompress(codec, bytes, longer.length), longer)).toBe(0)
  const cut = bytes.subarray(0, bytes.length - 1000)
  await expect(decompress(codec, cut, longer.length)).rejects.toBeInstanceOf(FormatError)
})

it('zstd whose frames do not state their length becomes what its page says', async () => {
  // A block that was really compressed, of the column i8, under a header without a length: its bound is 128 KiB.
  const file = parquetFixture('types-v2-zstd.parquet')
  const start = Buffer.from(file).indexOf(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd))
  const sized = file.subarray(start, start + 7 + 3 + blockLength(file, start + 7))
  const short = inflateBytes('zstd', sized, roomFor(sized.length))
  const unsized = Buffer.concat([sized.subarray(0, 4), Uint8Array.of(0, 0x58), sized.subarray(7)])
  const longer = Buffer.concat(new Array(4).fill(long))
  const page = Buffer.concat([unsized, zstd(longer)])
  const becomes = Buffer.concat([short, longer])
  expect(longestZstd(page)).toBeGreaterThan(becomes.length)
  expect(Buffer.compare(await decompress('zstd', page, becomes.length), becomes)).toBe(0)
})

/** Of the block of a zstd frame at `at` (RFC 8878, 3.1.1.2), which must be its last. */
function blockLength(bytes: Uint8Array, at: number): number {
  const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
  expect(header & 7).toBe(0b101)
  return header >> 3
}

it('lz4 takes more than one step where it has more than one sequence', async () => {
  // A literal, and 65,000 bytes from one before.
  const sequence = [0x1f, 0x61, 1, 0, ...new Array(254).fill(255), 211]
  const bytes = Uint8Array.from(new Array(100).fill(sequence).flat())
  const size = 100 * (1 + 4 + 15 + 254 * 255 + 211)
  const steps = pageCodecs().decompress('lz4_raw', bytes, size, roomFor(bytes.length))
  expect(steps.next().done).toBe(false)
  const found = await decompress('lz4_raw', bytes, size)
  expect(Buffer.compare(found, Buffer.alloc(size, 0x61))).toBe(0)
})

describe('a long Avro block of snappy', () => {
  const longer = Buffer.concat(new Array(4).fill(long))
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(longer))
  const block = Buffer.concat([literals('snappy', longer), crc])

  it('is inflated in steps, and held to its checksum', async () => {
    const later = inflateAvroBlockLater('snappy', block, roomFor(block.length))
    expect(later).toBeInstanceOf(Promise)
    expect(Buffer.compare(await later, longer)).toBe(0)
  })

  it.each([
    ['with another checksum', Buffer.concat([block.subarray(0, -1), Uint8Array.of(1)])],
    ['cut short', block.subarray(0, -1000)],
  ])('is refused %s', async (_, bytes) => {
    const later = async () => inflateAvroBlockLater('snappy', bytes, roomFor(bytes.length))
    await expect(later()).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })
})

describe('long data that is inflated later', () => {
  const compressed = [
    ['gzip', gzipSync(long)],
    ['deflate', deflateRawSync(long)],
    ['brotli', brotliCompressSync(long, { params: { 1: 3 } })],
    ['zstd', zstd(long)],
  ] as const

  it.each(compressed)('%s gives what it gives at once', async (codec, bytes) => {
    const at = inflateBytes(codec, bytes, roomFor(bytes.length))
    const later = await inflateBytesLater(codec, bytes, roomFor(bytes.length))
    expect(Buffer.compare(later, at)).toBe(0)
    expect(Buffer.compare(later, long)).toBe(0)
  })

  it.each(compressed)('%s is held to its limit', async (codec, bytes) => {
    const budgets = { ...DEFAULT_BUDGETS, inflatedBytes: 5_000_000 }
    const room = new Inflation(budgets, { what: 'a block', storedBytes: bytes.length })
    await expect(inflateBytesLater(codec, bytes, room)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('inflatedBytes'),
    })
  })

  it.each([
    ['gzip', gzipSync(long)],
    ['zstd', zstd(long)],
    ['neither', long],
  ])('a document of %s is its bytes without the mark', async (_, bytes) => {
    expect(Buffer.compare(await documentBytes(bytes, 'a.json'), long)).toBe(0)
  })

  it('a long document that is cut is refused with its path', async () => {
    const bytes = gzipSync(long)
    const cut = bytes.subarray(0, bytes.length - 5000)
    await expect(documentBytes(cut, 'a.json')).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: 'expected a document compressed with gzip at a.json',
    })
  })
})
