import {
  type BytesColumn,
  type Column,
  type ColumnStats,
  FoldedPaths,
  type SharedEnds,
} from '@spillway/core'
import { FormatError } from '../bytes/format-error.js'
import type { FrameKind, Frames, FrameWriter } from './frames.js'

const KINDS = { int32: 'i32', float64: 'f64', int64: 'i64' } as const satisfies Record<
  'int32' | 'float64' | 'int64',
  FrameKind
>

/** Adds a column under names that begin with `name`. */
export function addColumn(writer: FrameWriter, name: string, column: Column): void {
  if (column.validity !== undefined) writer.add(`${name}.validity`, 'u8', column.validity)
  switch (column.kind) {
    case 'bytes':
      writer.add(`${name}.offsets`, 'i32', column.offsets)
      writer.add(`${name}.data`, 'u8', column.data)
      return
    case 'dictionary':
      writer.add(`${name}.codes`, 'u32', column.codes)
      addColumn(writer, `${name}.values`, column.values)
      return
    case 'int32':
      writer.add(`${name}.int32`, 'i32', column.values)
      return
    case 'float64':
      writer.add(`${name}.float64`, 'f64', column.values)
      return
    case 'int64':
      writer.add(`${name}.int64`, 'i64', column.values)
  }
}

/** The column of `length` rows that was added under `name`; undefined where none was. Throws `FormatError` where it cannot be one. */
export function readColumn(frames: Frames, name: string, length: number): Column | undefined {
  const validity = frames.has(`${name}.validity`)
    ? frames.array(`${name}.validity`, 'u8')
    : undefined
  if (validity !== undefined && validity.length * 8 < length) {
    throw new FormatError(`the column ${name} does not say of every row whether it is null`)
  }
  const known = validity === undefined ? {} : { validity }
  if (frames.has(`${name}.offsets`)) return { ...readBytesColumn(frames, name, length), ...known }
  if (frames.has(`${name}.codes`)) return { ...readDictionary(frames, name, length), ...known }
  for (const [kind, array] of Object.entries(KINDS)) {
    if (!frames.has(`${name}.${kind}`)) continue
    return { kind, values: frames.array(`${name}.${kind}`, array, length), ...known } as Column
  }
  return undefined
}

function readDictionary(frames: Frames, name: string, length: number): Column {
  const codes = frames.array(`${name}.codes`, 'u32', length)
  const distinct = frames.array(`${name}.values.offsets`, 'i32').length - 1
  for (let row = 0; row < length; row++) {
    if (codes[row]! >= distinct)
      throw new FormatError(`the column ${name} has no value ${codes[row]}`)
  }
  return { kind: 'dictionary', codes, values: readBytesColumn(frames, `${name}.values`, distinct) }
}

/** Offsets ascend from 0 to the end of the data: no row reaches into what is not there. */
export function readBytesColumn(frames: Frames, name: string, length: number): BytesColumn {
  const offsets = frames.array(`${name}.offsets`, 'i32', length + 1)
  const data = frames.array(`${name}.data`, 'u8')
  let last = 0
  for (let row = 0; row <= length; row++) {
    const offset = offsets[row]!
    if (offset < last) throw new FormatError(`the offsets of ${name} do not ascend`)
    last = offset
  }
  if (offsets[0] !== 0 || last !== data.length) {
    throw new FormatError(`the offsets of ${name} are not those of its bytes`)
  }
  return { kind: 'bytes', offsets, data }
}

/** Adds what a column's statistics say. */
export function addStats(writer: FrameWriter, name: string, stats: ColumnStats): void {
  if (stats.holds !== undefined) writer.add(`${name}.holds`, 'u8', stats.holds)
  if (stats.nullCount !== undefined) writer.add(`${name}.nulls`, 'f64', stats.nullCount)
  if (stats.bucketCount !== undefined) {
    writer.add(`${name}.buckets`, 'f64', Float64Array.of(stats.bucketCount))
  }
  if (stats.lower !== undefined) addColumn(writer, `${name}.lower`, stats.lower)
  if (stats.upper !== undefined) addColumn(writer, `${name}.upper`, stats.upper)
}

/** The statistics of `length` rows that were added under `name`. */
export function readStats(frames: Frames, name: string, length: number): ColumnStats {
  const holds = `${name}.holds`
  const nulls = `${name}.nulls`
  const buckets = `${name}.buckets`
  return {
    ...(frames.has(holds) && { holds: frames.array(holds, 'u8', length) }),
    ...(frames.has(nulls) && { nullCount: frames.array(nulls, 'f64', length) }),
    ...(frames.has(buckets) && { bucketCount: frames.array(buckets, 'f64', 1)[0]! }),
    lower: readColumn(frames, `${name}.lower`, length),
    upper: readColumn(frames, `${name}.upper`, length),
  }
}

/** Adds the paths of a batch as they are held. */
export function addPaths(writer: FrameWriter, name: string, paths: FoldedPaths): void {
  const { starts, ends, middles } = paths.folds
  writer.add(`${name}.starts`, 'u32', Uint32Array.from(starts))
  addColumn(writer, `${name}.ends`, endsColumn(ends))
  addColumn(writer, name, middles)
}

/** The beginning and the end of each run, one behind the other. */
function endsColumn(ends: readonly SharedEnds[]): BytesColumn {
  const pieces = ends.flatMap(({ head, tail }) => [head, tail])
  const offsets = new Int32Array(pieces.length + 1)
  for (const [i, piece] of pieces.entries()) offsets[i + 1] = offsets[i]! + piece.length
  const data = new Uint8Array(offsets[pieces.length]!)
  for (const [i, piece] of pieces.entries()) data.set(piece, offsets[i])
  return { kind: 'bytes', offsets, data }
}

/** The paths of `length` rows that were added under `name`. */
export function readPaths(frames: Frames, name: string, length: number): FoldedPaths {
  const starts = Array.from(frames.array(`${name}.starts`, 'u32'))
  const runs = starts.length - 1
  const ascend = starts.every((start, run) => run === 0 || start > starts[run - 1]!)
  if (starts[0] !== 0 || starts[runs] !== length || !ascend) {
    throw new FormatError(`the runs of ${name} are not those of its rows`)
  }
  const { offsets, data } = readBytesColumn(frames, `${name}.ends`, runs * 2)
  const piece = (i: number) => data.subarray(offsets[i]!, offsets[i + 1]!)
  const ends = Array.from({ length: runs }, (_, run) => ({
    head: piece(run * 2),
    tail: piece(run * 2 + 1),
  }))
  return new FoldedPaths(starts, ends, readBytesColumn(frames, name, length))
}
