import type { Bitmap, Column, ParquetLeaf, Steps } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'

/** Levels of every value of a column chunk; absent where the leaf has none. */
export interface Levels {
  readonly count: number
  readonly definition?: Uint8Array | undefined
  readonly repetition?: Uint8Array | undefined
}

/** Values that are put in their places at once: a millisecond or two. */
const STEP_VALUES = 1 << 18
const STEP_MASK = STEP_VALUES - 1

/** Puts the values that are there between the nulls: one entry per row, or per element under a list or map. */
export function* assembleLeaf(
  dense: Column,
  levels: Levels,
  leaf: ParquetLeafInfo,
  rowCount: number,
): Steps<ParquetLeaf> {
  const { definition, repetition, count } = levels
  if (repetition === undefined) {
    const column = yield* spread(dense, definition, leaf.maxDefinition, count)
    return { column, type: leaf.type }
  }
  const { offsets, elements } = yield* readLists(levels, leaf, rowCount)
  return {
    column: yield* spread(dense, elements, leaf.maxDefinition, elements.length),
    offsets,
    type: leaf.type,
  }
}

/** Offsets of each row's elements, and the definition levels of elements alone. */
function* readLists(
  { count, definition, repetition }: Levels,
  leaf: ParquetLeafInfo,
  rowCount: number,
): Steps<{ readonly offsets: Int32Array; readonly elements: Uint8Array }> {
  const offsets = new Int32Array(Math.min(rowCount, count) + 1)
  const elements = new Uint8Array(count)
  let row = -1
  let length = 0
  for (let i = 0; i < count; i++) {
    if ((i & STEP_MASK) === STEP_MASK) yield
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

function* spread(
  dense: Column,
  definition: Uint8Array | undefined,
  max: number,
  count: number,
): Steps<Column> {
  const validity = definition && (yield* validityOf(definition, max, count))
  if (validity === undefined) return dense
  switch (dense.kind) {
    case 'int32':
      return {
        ...dense,
        values: yield* scatter(dense.values, new Int32Array(count), validity),
        validity,
      }
    case 'float64':
      return {
        ...dense,
        values: yield* scatter(dense.values, new Float64Array(count), validity),
        validity,
      }
    case 'int64':
      return {
        ...dense,
        values: yield* scatter(dense.values, new BigInt64Array(count), validity),
        validity,
      }
    case 'dictionary':
      return {
        ...dense,
        codes: yield* scatter(dense.codes, new Uint32Array(count), validity),
        validity,
      }
    case 'bytes':
      return { ...dense, offsets: yield* scatterOffsets(dense.offsets, count, validity), validity }
  }
}

/** The validity bits; undefined when nothing is null. */
function* validityOf(
  definition: Uint8Array,
  max: number,
  count: number,
): Steps<Bitmap | undefined> {
  const bits = new Uint8Array((count + 7) >> 3)
  let present = 0
  for (let row = 0; row < count; row++) {
    if ((row & STEP_MASK) === STEP_MASK) yield
    if (definition[row] === max) {
      bits[row >> 3]! |= 1 << (row & 7)
      present++
    }
  }
  return present === count ? undefined : bits
}

function* scatter<T extends Int32Array | Float64Array | BigInt64Array | Uint32Array>(
  dense: T,
  into: T,
  validity: Bitmap,
): Steps<T> {
  let next = 0
  for (let row = 0; row < into.length; row++) {
    if ((row & STEP_MASK) === STEP_MASK) yield
    if (isPresent(validity, row)) into[row] = dense[next++]!
  }
  return into
}

function* scatterOffsets(dense: Int32Array, count: number, validity: Bitmap): Steps<Int32Array> {
  const offsets = new Int32Array(count + 1)
  let next = 0
  for (let row = 0; row < count; row++) {
    if ((row & STEP_MASK) === STEP_MASK) yield
    if (isPresent(validity, row)) next++
    offsets[row + 1] = dense[next]!
  }
  return offsets
}

function isPresent(validity: Bitmap, row: number): boolean {
  return (validity[row >> 3]! & (1 << (row & 7))) !== 0
}
