import {
  BytesBuilder,
  type BytesColumn,
  hash64Into,
  readString,
  type Selection,
  type Steps,
} from '@spillway/core'
import { filePath } from './file-name.js'
import { FILES_IN_A_STEP, type FileSlice } from './file-slices.js'

/** Slices of a run of partitions as columns: no object per file. */
export interface SliceTable {
  readonly root: string
  readonly length: number
  readonly partitions: readonly string[]
  /** Index into `partitions` of each slice. */
  readonly partition: Uint32Array
  /** Absolute path of the file with the rows: the base file, a skeleton's source, or the first log where there is none. */
  readonly path: BytesColumn
  /** Names of the skeletons that a bootstrap left, empty for other slices; absent where there are none. */
  readonly skeleton?: BytesColumn
  readonly size: Float64Array
  readonly key: BigUint64Array
  /** 1 where the slice has a base file. */
  readonly hasBase: Uint8Array
  /** Slice i has logs `logStart[i]` to `logStart[i + 1]`. */
  readonly logStart: Uint32Array
  readonly logName: BytesColumn
  readonly logSize: Float64Array
}

const utf8 = new TextEncoder()

export function* sliceTable(
  root: string,
  slices: readonly { readonly partition: string; readonly slices: readonly FileSlice[] }[],
): Steps<SliceTable> {
  const length = slices.reduce((sum, run) => sum + run.slices.length, 0)
  const logCount = slices.reduce(
    (sum, run) => sum + run.slices.reduce((logs, slice) => logs + slice.logs.length, 0),
    0,
  )
  const path = new BytesBuilder(length)
  const logName = new BytesBuilder(logCount)
  const hasSkeletons = slices.some(run => run.slices.some(({ source }) => source !== undefined))
  const skeleton = new BytesBuilder(hasSkeletons ? length : 0)
  const table = {
    partition: new Uint32Array(length),
    size: new Float64Array(length),
    key: new BigUint64Array(length),
    hasBase: new Uint8Array(length),
    logStart: new Uint32Array(length + 1),
    logSize: new Float64Array(logCount),
  }
  const keys = keyHashes(table.key)
  let row = 0
  let log = 0
  for (const [index, run] of slices.entries()) {
    for (const slice of run.slices) {
      const first = slice.base ?? slice.logs[0]!
      path.append(slice.source?.path ?? filePath(root, run.partition, first.name))
      if (hasSkeletons) skeleton.append(slice.source === undefined ? '' : first.name)
      table.partition[row] = index
      table.size[row] = slice.source?.size ?? first.size
      keys(row, `${run.partition}\0${slice.fileId}`)
      table.hasBase[row] = slice.base === undefined ? 0 : 1
      for (const { name, size } of slice.logs) {
        logName.append(name)
        table.logSize[log++] = size
      }
      table.logStart[++row] = log
      if (row % FILES_IN_A_STEP === 0) yield
    }
  }
  const partitions = slices.map(run => run.partition)
  return {
    ...table,
    root,
    length,
    partitions,
    path: path.finish(),
    logName: logName.finish(),
    ...(hasSkeletons && { skeleton: skeleton.finish() }),
  }
}

/** Writes hashes of texts without an object for any of them. */
function keyHashes(into: BigUint64Array): (row: number, text: string) => void {
  const lanes = new Uint32Array(into.buffer)
  let scratch = new Uint8Array(1024)
  return (row, text) => {
    if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 3)
    hash64Into(scratch, lanes, row, { end: utf8.encodeInto(text, scratch).written })
  }
}

export function partitionOf(table: SliceTable, row: number): string {
  return table.partitions[table.partition[row]!]!
}

/** Name of the base file, which may be a skeleton, or of the first log. */
export function fileNameOf(table: SliceTable, row: number): string {
  if (hasSource(table, row)) return readString(table.skeleton!, row)
  const path = readString(table.path, row)
  return path.slice(path.lastIndexOf('/') + 1)
}

/** True where the slice's base file is a skeleton: its rows lie in a source file. */
export function hasSource({ skeleton }: SliceTable, row: number): boolean {
  return skeleton !== undefined && readString(skeleton, row) !== ''
}

export function logCountOf(table: SliceTable, row: number): number {
  return table.logStart[row + 1]! - table.logStart[row]!
}

export function logNamesOf(table: SliceTable, row: number): readonly string[] {
  const names: string[] = []
  for (let log = table.logStart[row]!; log < table.logStart[row + 1]!; log++) {
    names.push(readString(table.logName, log))
  }
  return names
}

/** Bytes that the table's buffers hold. */
export function sliceTableBytes(table: SliceTable): number {
  return (
    table.path.data.byteLength +
    table.path.offsets.byteLength +
    table.logName.data.byteLength +
    table.logName.offsets.byteLength +
    (table.skeleton?.data.byteLength ?? 0) +
    (table.skeleton?.offsets.byteLength ?? 0) +
    table.length * (4 + 8 + 8 + 1 + 4) +
    table.logSize.byteLength
  )
}

/** Rows of `rows` without any log. */
export function withoutLogs(table: SliceTable, rows: Selection): Selection {
  return rows.filter(row => logCountOf(table, row) === 0)
}
