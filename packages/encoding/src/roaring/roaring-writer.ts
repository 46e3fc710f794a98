import { atOnce, Pace, type Steps } from '@spillway/core'
import { sortedPositions } from './sorted-positions.js'

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
export function* writeRoaring64InSteps(positions: Iterable<number | bigint>): Steps<Uint8Array> {
  const sorted = yield* sortedPositions(positions)
  const parts: Uint8Array[] = [new Uint8Array(8)]
  const pace = new Pace()
  let bitmaps = 0
  for (let start = 0; start < sorted.length; bitmaps++) {
    const high = Math.floor(sorted[start]! / KEY_SIZE)
    const end = upTo(sorted, start, (high + 1) * KEY_SIZE)
    parts.push(uint32(high))
    yield* writeBitmap32(sorted.subarray(start, end), high * KEY_SIZE, parts)
    start = end
    if (pace.isOver(0)) yield
  }
  new DataView(parts[0]!.buffer).setBigUint64(0, BigInt(bitmaps), true)
  return yield* concat(parts)
}

/** `writeRoaring64InSteps` at once: of few positions. */
export function writeRoaring64(positions: Iterable<number | bigint>): Uint8Array {
  return atOnce(writeRoaring64InSteps(positions))
}

function* writeBitmap32(sorted: Float64Array, base: number, into: Uint8Array[]): Steps<void> {
  const containers: Container[] = []
  const pace = new Pace()
  for (let start = 0; start < sorted.length; ) {
    const key = Math.floor((sorted[start]! - base) / CONTAINER_SIZE)
    const from = base + key * CONTAINER_SIZE
    const end = upTo(sorted, start, from + CONTAINER_SIZE)
    containers.push(containerOf(sorted.subarray(start, end), key, from))
    if (pace.isOver((end - start) * BYTES_A_POSITION)) yield
    start = end
  }
  into.push(headerOf(containers))
  for (const { bytes } of containers) into.push(bytes)
}

/** What one costs, as `Pace` counts. */
const BYTES_A_POSITION = 8

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
  const cardinality = sorted.length
  const plain = cardinality > ARRAY_MAX ? BITMAP_BYTES : cardinality * 2
  const runs = runsIn(sorted)
  if (2 + runs * 4 < plain) {
    return { key, cardinality, isRun: true, bytes: runsOf(sorted, base, runs) }
  }
  const bytes = cardinality > ARRAY_MAX ? bitmapOf(sorted, base) : arrayOf(sorted, base)
  return { key, cardinality, isRun: false, bytes }
}

function runsIn(sorted: Float64Array): number {
  let count = 1
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]! + 1) count++
  return count
}

/** The number of runs, then the first value and length - 1 of each. */
function runsOf(sorted: Float64Array, base: number, runs: number): Uint8Array {
  const bytes = new Uint8Array(2 + runs * 4)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, runs, true)
  let at = 2
  for (let start = 0; start < sorted.length; at += 4) {
    let end = start + 1
    while (end < sorted.length && sorted[end] === sorted[end - 1]! + 1) end++
    view.setUint16(at, sorted[start]! - base, true)
    view.setUint16(at + 2, end - start - 1, true)
    start = end
  }
  return bytes
}

function bitmapOf(sorted: Float64Array, base: number): Uint8Array {
  const bytes = new Uint8Array(BITMAP_BYTES)
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i]! - base
    bytes[value >> 3]! |= 1 << (value & 7)
  }
  return bytes
}

function arrayOf(sorted: Float64Array, base: number): Uint8Array {
  const bytes = new Uint8Array(sorted.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < sorted.length; i++) view.setUint16(i * 2, sorted[i]! - base, true)
  return bytes
}

/** The place from which on values are not below `limit`. */
function upTo(sorted: Float64Array, start: number, limit: number): number {
  let low = start
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

function* concat(parts: readonly Uint8Array[]): Steps<Uint8Array> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  const pace = new Pace()
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
    if (pace.isOver(part.length)) yield
  }
  return bytes
}
