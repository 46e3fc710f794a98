import { TableError } from '@spillway/core'

const NO_RUNS_COOKIE = 12346
const RUNS_COOKIE = 12347
const OFFSETS_FROM = 4
const ARRAY_MAX = 4096
const BITMAP_BYTES = 8192
const CONTAINER_SIZE = 0x10000
const KEY_SIZE = 0x100000000

interface Container {
  readonly key: number
  readonly cardinality: number
  readonly isRun: boolean
  readonly bytes: Uint8Array
}

/** The portable serialisation of a 64-bit roaring bitmap of `positions`, which may come in any order and repeat. */
export function writeRoaring64(positions: Iterable<number | bigint>): Uint8Array {
  const sorted = Float64Array.from(positions, Number).sort()
  const parts: Uint8Array[] = [new Uint8Array(8)]
  let bitmaps = 0
  for (let start = 0; start < sorted.length; bitmaps++) {
    const high = Math.floor(sorted[start]! / KEY_SIZE)
    const end = upTo(sorted, start, (high + 1) * KEY_SIZE)
    parts.push(uint32(high), writeBitmap32(sorted.subarray(start, end), high * KEY_SIZE))
    start = end
  }
  new DataView(parts[0]!.buffer).setBigUint64(0, BigInt(bitmaps), true)
  return concat(parts)
}

function writeBitmap32(sorted: Float64Array, base: number): Uint8Array {
  const containers: Container[] = []
  for (let start = 0; start < sorted.length; ) {
    const key = Math.floor((sorted[start]! - base) / CONTAINER_SIZE)
    const from = base + key * CONTAINER_SIZE
    const end = upTo(sorted, start, from + CONTAINER_SIZE)
    containers.push(containerOf(sorted.subarray(start, end), key, from))
    start = end
  }
  const header = headerOf(containers)
  return concat([header, ...containers.map(({ bytes }) => bytes)])
}

function headerOf(containers: readonly Container[]): Uint8Array {
  const size = containers.length
  const hasRuns = containers.some(({ isRun }) => isRun)
  const flagBytes = hasRuns ? (size + 7) >> 3 : 0
  const withOffsets = !hasRuns || size >= OFFSETS_FROM
  const fixed = hasRuns ? 4 + flagBytes : 8
  const header = new Uint8Array(fixed + size * 4 + (withOffsets ? size * 4 : 0))
  const view = new DataView(header.buffer)
  view.setUint32(0, hasRuns ? (RUNS_COOKIE | ((size - 1) << 16)) >>> 0 : NO_RUNS_COOKIE, true)
  if (!hasRuns) view.setUint32(4, size, true)
  let offset = header.length
  for (const [i, { key, cardinality, isRun, bytes }] of containers.entries()) {
    if (isRun) header[4 + (i >> 3)]! |= 1 << (i & 7)
    view.setUint16(fixed + i * 4, key, true)
    view.setUint16(fixed + i * 4 + 2, cardinality - 1, true)
    if (withOffsets) view.setUint32(fixed + size * 4 + i * 4, offset, true)
    offset += bytes.length
  }
  return header
}

/** The smallest of the three forms. */
function containerOf(sorted: Float64Array, key: number, base: number): Container {
  const values = distinct(sorted, base)
  const cardinality = values.length
  const runs = runsOf(values)
  const plain = cardinality > ARRAY_MAX ? BITMAP_BYTES : cardinality * 2
  if (runs.length * 2 < plain) return { key, cardinality, isRun: true, bytes: littleEndian(runs) }
  const bytes = cardinality > ARRAY_MAX ? bitmapOf(values) : littleEndian(values)
  return { key, cardinality, isRun: false, bytes }
}

function distinct(sorted: Float64Array, base: number): Uint16Array {
  const values = new Uint16Array(sorted.length)
  let count = 0
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) values[count++] = sorted[i]! - base
  }
  return values.subarray(0, count)
}

/** The number of runs, then the first value and length - 1 of each. */
function runsOf(values: Uint16Array): Uint16Array {
  const runs: number[] = [0]
  for (let i = 0; i < values.length; i++) {
    if (i > 0 && values[i] === values[i - 1]! + 1) runs[runs.length - 1]!++
    else runs.push(values[i]!, 0)
  }
  runs[0] = (runs.length - 1) / 2
  return Uint16Array.from(runs)
}

function bitmapOf(values: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(BITMAP_BYTES)
  for (const value of values) bytes[value >> 3]! |= 1 << (value & 7)
  return bytes
}

function littleEndian(values: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) view.setUint16(i * 2, values[i]!, true)
  return bytes
}

/** Where the values that are not below `limit` begin. */
function upTo(sorted: Float64Array, start: number, limit: number): number {
  const first = sorted[start]!
  if (!(first >= 0 && first <= Number.MAX_SAFE_INTEGER && Number.isInteger(first))) {
    throw new TableError('TABLE_CORRUPT', `a delete names row ${first}, which is no position`)
  }
  let end = start
  while (end < sorted.length && sorted[end]! < limit) end++
  return end
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
