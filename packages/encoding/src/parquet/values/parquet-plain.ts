import type { PlainColumn } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import type { Inflation } from '../../compression/inflation.js'
import { int96Micros } from '../schema/parquet-physical.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import { BytesBuffer, NumberBuffer, type PlainNumbers, type ValueBuffer } from './value-buffer.js'

/**
 * The buffer for a leaf's physical type, and for `expected` values at most. INT96 is read as microseconds at once: nothing else is
 * ever done with it.
 */
export function valueBuffer(
  leaf: ParquetLeafInfo,
  expected: number,
  room?: Inflation,
): ValueBuffer {
  switch (leaf.physicalType) {
    case 'BOOLEAN':
      return new NumberBuffer(BOOLEANS)
    case 'INT32':
      return new NumberBuffer(INT32)
    case 'INT64':
      return new NumberBuffer(INT64)
    case 'INT96':
      return new NumberBuffer(INT96)
    case 'FLOAT':
      return new NumberBuffer(FLOATS)
    case 'DOUBLE':
      return new NumberBuffer(DOUBLES)
    case 'BYTE_ARRAY':
      return new BytesBuffer(0, room, expected)
    case 'FIXED_LEN_BYTE_ARRAY':
      return new BytesBuffer(leaf.typeLength, room, expected)
  }
}

/** What is the same for all numbers of one kind of array. */
type Arrays<T extends Int32Array | Float64Array | BigInt64Array> = Pick<
  PlainNumbers<T>,
  'kind' | 'empty' | 'copy' | 'valuesOf'
>

const INT32_ARRAYS: Arrays<Int32Array> = {
  kind: 'int32',
  empty: new Int32Array(0),
  copy: (values, into, at) => into.set(values, at),
  valuesOf: column => (column.kind === 'int32' ? column.values : otherKind('int32', column)),
}

const INT64_ARRAYS: Arrays<BigInt64Array> = {
  kind: 'int64',
  empty: new BigInt64Array(0),
  copy: (values, into, at) => into.set(values, at),
  valuesOf: column => (column.kind === 'int64' ? column.values : otherKind('int64', column)),
}

const FLOAT64_ARRAYS: Arrays<Float64Array> = {
  kind: 'float64',
  empty: new Float64Array(0),
  copy: (values, into, at) => into.set(values, at),
  valuesOf: column => (column.kind === 'float64' ? column.values : otherKind('float64', column)),
}

/** A dictionary is decoded into a buffer of its own chunk's kind. */
function otherKind(expected: string, { kind }: PlainColumn): never {
  throw new FormatError(`a dictionary of ${kind} values where ${expected} values were expected`)
}

const BOOLEANS: PlainNumbers<Int32Array> = {
  ...INT32_ARRAYS,
  byteLength: count => Math.ceil(count / 8),
  decode: (bytes, into, at, count) => {
    for (let i = 0; i < count; i++) into[at + i] = (bytes[i >> 3]! >> (i & 7)) & 1
  },
}

const INT32: PlainNumbers<Int32Array> = {
  ...INT32_ARRAYS,
  byteLength: count => count * 4,
  decode: (bytes, into, at, count) => copyBytes(bytes, into, at, count),
}

const INT64: PlainNumbers<BigInt64Array> = {
  ...INT64_ARRAYS,
  byteLength: count => count * 8,
  decode: (bytes, into, at, count) => copyBytes(bytes, into, at, count),
}

const DOUBLES: PlainNumbers<Float64Array> = {
  ...FLOAT64_ARRAYS,
  byteLength: count => count * 8,
  decode: (bytes, into, at, count) => copyBytes(bytes, into, at, count),
}

const FLOATS: PlainNumbers<Float64Array> = {
  ...FLOAT64_ARRAYS,
  byteLength: count => count * 4,
  decode: (bytes, into, at, count) => {
    // Inflated pages are Buffers, whose own slice() shares memory: the values must start at a multiple of four.
    into.set(new Float32Array(Uint8Array.prototype.slice.call(bytes, 0, count * 4).buffer), at)
  },
}

const INT96: PlainNumbers<BigInt64Array> = {
  ...INT64_ARRAYS,
  byteLength: count => count * 12,
  decode: (bytes, into, at, count) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < count; i++) into[at + i] = int96Micros(view, i * 12)
  },
}

/** Parquet and every machine that runs Node are little-endian. */
function copyBytes(
  bytes: Uint8Array,
  into: Int32Array | BigInt64Array | Float64Array,
  at: number,
  count: number,
): void {
  const width = into.BYTES_PER_ELEMENT
  const target = new Uint8Array(into.buffer, into.byteOffset + at * width, count * width)
  target.set(bytes.subarray(0, count * width))
}
