import type { Steps } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import type { DataPage } from '../pages/parquet-page.js'
import { readHybrid } from '../pages/rle-hybrid.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import { readDeltaLengths, readDeltaPacked, readDeltaPrefixed } from './delta-encoding.js'
import { BytesBuffer, NumberBuffer, shortPage, type ValueBuffer } from './value-buffer.js'

const PLAIN = 0
const RLE = 3
const DELTA_BINARY_PACKED = 5
const DELTA_LENGTH_BYTE_ARRAY = 6
const DELTA_BYTE_ARRAY = 7
const BYTE_STREAM_SPLIT = 9

/** Values of a page that are decoded in one step: a multiple of eight, as booleans are packed. */
const VALUES_AT_ONCE = 1 << 13
const BYTES_AT_ONCE = 1024 ** 2

/** Appends `count` values of a page that does not use the dictionary. */
export function* decodeValues(
  page: DataPage,
  count: number,
  leaf: ParquetLeafInfo,
  into: ValueBuffer,
): Steps<void> {
  const run = { bytes: page.values, at: 0, end: page.values.length }
  const { physicalType } = leaf
  if (page.encoding === PLAIN) {
    yield* appendPlain(page.values, count, into)
  } else if (page.encoding === BYTE_STREAM_SPLIT) {
    yield* appendSplit(page.values, count, splitWidth(leaf), into)
  } else if (page.encoding === RLE && physicalType === 'BOOLEAN' && into instanceof NumberBuffer) {
    into.append(yield* readBooleans(page, count))
  } else if (page.encoding === DELTA_BINARY_PACKED && into instanceof NumberBuffer) {
    if (physicalType === 'INT32') {
      yield* appendNarrowed(yield* readDeltaPacked(run, count, 32), into)
    } else if (physicalType === 'INT64') into.append(yield* readDeltaPacked(run, count, 64))
    else throw unknownEncoding(page.encoding, leaf)
  } else if (page.encoding === DELTA_LENGTH_BYTE_ARRAY && into instanceof BytesBuffer) {
    yield* readDeltaLengths(run, count, into)
  } else if (page.encoding === DELTA_BYTE_ARRAY && into instanceof BytesBuffer) {
    yield* readDeltaPrefixed(run, count, into)
  } else {
    throw unknownEncoding(page.encoding, leaf)
  }
}

/** Fewer values at once where each is long. */
function fewOf(bytes: number, count: number): number {
  const many = Math.ceil((BYTES_AT_ONCE / Math.max(1, bytes)) * count)
  return Math.min(VALUES_AT_ONCE, Math.max(8, many - (many % 8)))
}

/** Appends values of PLAIN bytes: some writers make one page of a million. */
export function* appendPlain(bytes: Uint8Array, count: number, into: ValueBuffer): Steps<void> {
  let at = 0
  const valuesAtOnce = fewOf(bytes.length, count)
  for (let done = 0; done < count; done += valuesAtOnce) {
    if (done > 0) yield
    const some = Math.min(valuesAtOnce, count - done)
    at += into.appendPlain(bytes.subarray(at), some, count - done)
  }
}

function* appendNarrowed(values: BigInt64Array, into: NumberBuffer<Int32Array>): Steps<void> {
  for (let done = 0; done < values.length; done += VALUES_AT_ONCE) {
    into.append(Int32Array.from(values.subarray(done, done + VALUES_AT_ONCE), Number))
    yield
  }
}

function* appendSplit(
  bytes: Uint8Array,
  count: number,
  width: number,
  into: ValueBuffer,
): Steps<void> {
  if (count * width > bytes.length) throw shortPage(count, count * width, bytes.length)
  for (let done = 0; done < count; done += VALUES_AT_ONCE) {
    const some = Math.min(VALUES_AT_ONCE, count - done)
    into.appendPlain(unsplit(bytes, { from: done, some, count, width }), some, count - done)
    yield
  }
}

function unknownEncoding(encoding: number, leaf: ParquetLeafInfo): FormatError {
  return new FormatError(`encoding ${encoding} of ${leaf.physicalType} in ${leaf.path.join('.')}`, {
    unsupported: true,
  })
}

/** A 32-bit length, then the hybrid at one bit (parquet-format, "RLE = 3"). */
function* readBooleans(page: DataPage, count: number): Steps<Int32Array> {
  if (count === 0) return new Int32Array(0)
  if (page.values.length < 4) throw shortPage(count, 4, page.values.length)
  const bits = new Uint8Array(count)
  const run = { bytes: page.values, at: 4, end: page.values.length }
  yield* readHybrid(run, 1, bits, { from: 0, count })
  return new Int32Array(bits)
}

function splitWidth(leaf: ParquetLeafInfo): number {
  switch (leaf.physicalType) {
    case 'INT32':
    case 'FLOAT':
      return 4
    case 'INT64':
    case 'DOUBLE':
      return 8
    case 'FIXED_LEN_BYTE_ARRAY':
      return leaf.typeLength!
    default:
      throw unknownEncoding(BYTE_STREAM_SPLIT, leaf)
  }
}

/** BYTE_STREAM_SPLIT: first the first byte of every value, then the second of every value. */
function unsplit(
  bytes: Uint8Array,
  {
    from,
    some,
    count,
    width,
  }: {
    readonly from: number
    readonly some: number
    readonly count: number
    readonly width: number
  },
): Uint8Array {
  const plain = new Uint8Array(some * width)
  for (let byte = 0; byte < width; byte++) {
    const start = byte * count + from
    for (let i = 0; i < some; i++) plain[i * width + byte] = bytes[start + i]!
  }
  return plain
}
