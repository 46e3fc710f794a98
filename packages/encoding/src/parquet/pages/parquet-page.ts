import type { Steps } from '@spillway/core'
import { crc32, summedInSteps } from '../../bytes/crc32.js'
import { FormatError } from '../../bytes/format-error.js'
import type { Inflation } from '../../compression/inflation.js'
import { integer, readThriftStruct, type ThriftStruct } from '../../thrift/thrift.js'
import type { ParquetChunk } from '../footer/parquet-metadata.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import type { PageCodecs } from './parquet-codec.js'
import { type ByteRun, readHybrid } from './rle-hybrid.js'

const DATA_PAGE = 0
const INDEX_PAGE = 1
const DICTIONARY_PAGE = 2
const DATA_PAGE_V2 = 3
const RLE = 3

/** One page, its levels still encoded. */
export type Page =
  | { readonly kind: 'dictionary'; readonly valueCount: number; readonly values: Uint8Array }
  | DataPage

/** A page of values, in either version of the format. */
export interface DataPage {
  readonly kind: 'data'
  /** Values, nulls and (under lists) empty lists. */
  readonly valueCount: number
  readonly encoding: number
  /** Absent where the leaf has none. */
  readonly repetition?: ByteRun | undefined
  readonly definition?: ByteRun | undefined
  readonly values: Uint8Array
}

/** Visits the pages of one column chunk, decompressed one at a time, in steps. */
export function* eachPage(
  bytes: Uint8Array,
  chunk: ParquetChunk,
  leaf: ParquetLeafInfo,
  options: {
    readonly codecs: PageCodecs
    readonly room: Inflation
    readonly visit: (page: Page) => Steps<void>
  },
): Steps<void> {
  const { codecs, room, visit } = options
  let at = 0
  let values = 0
  while (at < bytes.length && values < chunk.valueCount) {
    const { struct: header, end } = readThriftStruct(bytes, at)
    const size = natural(header, 3, 'a compressed page size')
    if (size > bytes.length - end) {
      throw new FormatError(`a page of ${size} bytes, ${bytes.length - end} are left in its chunk`)
    }
    const body = bytes.subarray(end, end + size)
    at = end + size
    yield* checkCrc(header, body)
    const page = yield* readPage(header, body, { chunk, leaf, codecs, room })
    if (page === undefined) continue
    if (page.kind === 'data') values += page.valueCount
    if (values > chunk.valueCount) throw miscounted(chunk, values)
    yield* visit(page)
    yield
  }
  if (values < chunk.valueCount) throw miscounted(chunk, values)
}

function miscounted({ valueCount }: ParquetChunk, values: number): FormatError {
  return new FormatError(`a column chunk of ${valueCount} values whose pages hold ${values}`)
}

interface PageContext {
  readonly chunk: ParquetChunk
  readonly leaf: ParquetLeafInfo
  readonly codecs: PageCodecs
  readonly room: Inflation
}

function* readPage(
  header: ThriftStruct,
  body: Uint8Array,
  context: PageContext,
): Steps<Page | undefined> {
  const size = natural(header, 2, 'a page size')
  switch (header.get(1)) {
    case DICTIONARY_PAGE: {
      const valueCount = natural(sub(header, 7), 1, "a dictionary's size")
      return { kind: 'dictionary', valueCount, values: yield* decompress(body, size, context) }
    }
    case DATA_PAGE:
      return dataPage(sub(header, 5), yield* decompress(body, size, context), context.leaf)
    case DATA_PAGE_V2:
      return yield* dataPageV2(sub(header, 8), body, size, context)
    case INDEX_PAGE:
      return undefined
    default:
      throw new FormatError(`a page of unknown type ${String(header.get(1))}`)
  }
}

function decompress(body: Uint8Array, size: number, { chunk, codecs, room }: PageContext) {
  return codecs.decompress(chunk.codec, body, size, room)
}

function dataPage(header: ThriftStruct, page: Uint8Array, leaf: ParquetLeafInfo): DataPage {
  const run = { bytes: page, at: 0, end: page.length }
  const repetition = leaf.maxRepetition > 0 ? prefixedLevels(run, header.get(4)) : undefined
  const definition = leaf.maxDefinition > 0 ? prefixedLevels(run, header.get(3)) : undefined
  return {
    kind: 'data',
    valueCount: natural(header, 1, 'a page value count'),
    encoding: natural(header, 2, 'a page encoding'),
    repetition,
    definition,
    values: page.subarray(run.at),
  }
}

/** Levels of a first-version page: a 32-bit length, then the hybrid. */
function prefixedLevels(run: ByteRun, encoding: unknown): ByteRun {
  if (encoding !== RLE) {
    throw new FormatError(`levels of encoding ${String(encoding)}`, { unsupported: true })
  }
  if (run.end - run.at < 4) throw new FormatError('a page ends before its levels')
  const view = new DataView(run.bytes.buffer, run.bytes.byteOffset, run.bytes.byteLength)
  const start = run.at + 4
  const length = view.getUint32(run.at, true)
  if (length > run.end - start)
    throw new FormatError(`levels of ${length} bytes run over their page`)
  run.at = start + length
  return { bytes: run.bytes, at: start, end: run.at }
}

function* dataPageV2(
  header: ThriftStruct,
  body: Uint8Array,
  size: number,
  context: PageContext,
): Steps<DataPage> {
  const { leaf } = context
  const definitionBytes = natural(header, 5, 'the length of definition levels')
  const repetitionBytes = natural(header, 6, 'the length of repetition levels')
  const levels = definitionBytes + repetitionBytes
  if (levels > body.length || levels > size) {
    throw new FormatError(`levels of ${levels} bytes run over their page`)
  }
  const rest = body.subarray(levels)
  const isCompressed = header.get(7) !== false && rest.length > 0
  return {
    kind: 'data',
    valueCount: natural(header, 1, 'a page value count'),
    encoding: natural(header, 4, 'a page encoding'),
    ...(leaf.maxRepetition > 0 ? { repetition: { bytes: body, at: 0, end: repetitionBytes } } : {}),
    ...(leaf.maxDefinition > 0
      ? { definition: { bytes: body, at: repetitionBytes, end: levels } }
      : {}),
    values: isCompressed ? yield* decompress(rest, size - levels, context) : rest,
  }
}

/** `count` levels of at most `max` into `out` from `from` on. Gives how many of them are `max`. */
export function* readLevels(
  run: ByteRun,
  max: number,
  out: Uint8Array,
  range: { readonly from: number; readonly count: number },
): Steps<number> {
  yield* readHybrid(run, 32 - Math.clz32(max), out, range)
  const end = range.from + range.count
  let full = 0
  for (let start = range.from; start < end; start += LEVELS_IN_A_STEP) {
    if (start > range.from) yield
    const stop = Math.min(end, start + LEVELS_IN_A_STEP)
    for (let i = start; i < stop; i++) {
      const level = out[i]!
      if (level > max) throw new FormatError(`a level of ${level}, at most ${max} is possible`)
      if (level === max) full++
    }
  }
  return full
}

const LEVELS_IN_A_STEP = 1 << 17

/** Refuses a page whose checksum, that of its bytes as stored (parquet.thrift, PageHeader), is another. */
function* checkCrc(header: ThriftStruct, body: Uint8Array): Steps<void> {
  const expected = integer(header.get(4))
  if (expected === undefined) return
  const found = yield* summedInSteps(crc32, body)
  if (expected >>> 0 === found) return
  throw new FormatError(`a page with CRC-32 ${found}, its header says ${expected >>> 0}`)
}

function sub(header: ThriftStruct, id: number): ThriftStruct {
  const value = header.get(id)
  if (!(value instanceof Map)) throw new FormatError('a page header without its own part')
  return value as ThriftStruct
}

function natural(header: ThriftStruct, id: number, what: string): number {
  const value = integer(header.get(id))
  if (value === undefined || value < 0) throw new FormatError(`${what} is ${String(value)}`)
  return value
}
