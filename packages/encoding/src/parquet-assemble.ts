import type { Bitmap, Column, ParquetLeaf } from '@spillway/core'
import { FormatError } from './format-error.js'
import type { ParquetLeafInfo } from './parquet-types.js'

/** Levels of every value of a column chunk; absent where the leaf has none. */
export interface Levels {
  readonly count: number
  readonly definition?: Uint8Array
  readonly repetition?: Uint8Array
}

/** Puts the values that are there between the nulls: one entry per row, or per element under a list or map. */
export function assembleLeaf(
  dense: Column,
  levels: Levels,
  leaf: ParquetLeafInfo,
  rowCount: number,
): ParquetLeaf {
  const { definition, repetition, count } = levels
  if (repetition === undefined) {
    return { column: spread(dense, definition, leaf.maxDefinition, count), type: leaf.type }
  }
  const { offsets, elements } = readLists(levels, leaf, rowCount)
  return {
    column: spread(dense, elements, leaf.maxDefinition, elements.length),
    offsets,
    type: leaf.type,
  }
}

/** Where each row's elements begin, and the definition levels of elements alone. */
function readLists(
  { count, definition, repetition }: Levels,
  leaf: ParquetLeafInfo,
  rowCount: number,
): { readonly offsets: Int32Array; readonly elements: Uint8Array } {
  const offsets = new Int32Array(Math.min(rowCount, count) + 1)
  const elements = new Uint8Array(count)
  let row = -1
  let length = 0
  for (let i = 0; i < count; i++) {
    if (repetition![i] === 0) offsets[++row] = length
    else if (row < 0) throw new FormatError('a list that begins inside a row')
    const level = definition![i]!
    if (level >= leaf.repeatedDefinition) elements[length++] = level
  }
  if (row + 1 !== rowCount) {
    throw new FormatError(`${leaf.path.join('.')} has ${row + 1} lists for ${rowCount} rows`)
  }
  offsets[rowCount] = length
  return { offsets, elements: elements.subarray(0, length) }
}

function spread(
  dense: Column,
  definition: Uint8Array | undefined,
  max: number,
  count: number,
): Column {
  const validity = definition && validityOf(definition, max, count)
  if (validity === undefined) return dense
  const isPresent = (row: number): boolean => (validity[row >> 3]! & (1 << (row & 7))) !== 0
  switch (dense.kind) {
    case 'int32':
      return { ...dense, values: scatter(dense.values, new Int32Array(count), isPresent), validity }
    case 'float64':
      return {
        ...dense,
        values: scatter(dense.values, new Float64Array(count), isPresent),
        validity,
      }
    case 'int64':
      return {
        ...dense,
        values: scatter(dense.values, new BigInt64Array(count), isPresent),
        validity,
      }
    case 'dictionary':
      return { ...dense, codes: scatter(dense.codes, new Uint32Array(count), isPresent), validity }
    case 'bytes':
      return { ...dense, offsets: scatterOffsets(dense.offsets, count, isPresent), validity }
  }
}

/** Undefined when nothing is null. */
function validityOf(definition: Uint8Array, max: number, count: number): Bitmap | undefined {
  const bits = new Uint8Array((count + 7) >> 3)
  let present = 0
  for (let row = 0; row < count; row++) {
    if (definition[row] === max) {
      bits[row >> 3]! |= 1 << (row & 7)
      present++
    }
  }
  return present === count ? undefined : bits
}

function scatter<T extends Int32Array | Float64Array | BigInt64Array | Uint32Array>(
  dense: T,
  into: T,
  isPresent: (row: number) => boolean,
): T {
  let next = 0
  for (let row = 0; row < into.length; row++) {
    if (isPresent(row)) into[row] = dense[next++]!
  }
  return into
}

function scatterOffsets(
  dense: Int32Array,
  count: number,
  isPresent: (row: number) => boolean,
): Int32Array {
  const offsets = new Int32Array(count + 1)
  let next = 0
  for (let row = 0; row < count; row++) {
    if (isPresent(row)) next++
    offsets[row + 1] = dense[next]!
  }
  return offsets
}
