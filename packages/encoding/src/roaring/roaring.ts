import { atOnce, DEFAULT_BUDGETS, Pace, type ReadBudgets, type Steps } from '@spillway/core'
import {
  BITMAP_BYTES,
  bitsIn,
  CONTAINER_SIZE,
  type Container,
  contains,
  copyPositions,
  findContainer,
  greatestBit,
  positionsIn,
} from './roaring-containers.js'
import { RoaringCursor } from './roaring-cursor.js'

/** What a set of row positions comes to, without any of them. */
export interface RoaringExtent {
  readonly cardinality: number
  /** -1 where there is none. */
  readonly greatest: number
  /** Bytes of the serialised form that were read. */
  readonly byteLength: number
}

/**
 * A set of row positions, as Delta, Iceberg (Puffin) and Hudi store it. Positions are below 2^53: no file has more
 * rows, so they are plain numbers. The bytes it was read from are held and not copied.
 */
export interface Roaring64 extends RoaringExtent {
  has(position: number): boolean
  /** All of them, ascending, at most 65,536 at once in memory that the next block overwrites: for who takes many. */
  blocks(): IterableIterator<Float64Array>
  /** Ascending. */
  [Symbol.iterator](): IterableIterator<number>
}

const NO_RUNS_COOKIE = 12346
const RUNS_COOKIE = 12347
const OFFSETS_FROM = 4
const ARRAY_MAX = 4096
const KEY_SIZE = 0x100000000
/** Positions that most small vectors have in a container. */
const SMALL_BLOCK = 256
/** Greatest high key whose positions all lie below 2^53. */
const MAX_HIGH_KEY = 0x1fffff

/**
 * Reads the portable serialisation of a 64-bit roaring bitmap (RoaringFormatSpec, "Extension for 64-bit
 * implementations"): a count, then that many 32-bit bitmaps, each behind its high key. Runs hold 65,536 positions in four
 * bytes: more than `budgets.rows` in all are refused, since whoever reads a vector goes through them.
 */
export function* readRoaring64InSteps(
  bytes: Uint8Array,
  path?: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Steps<Roaring64> {
  const cursor = new RoaringCursor(bytes, path, budgets)
  const containers: Container[] = []
  const extent = yield* readBitmaps(cursor, container => containers.push(container))
  return roaringOf(containers, cursor.view, extent)
}

/** `readRoaring64InSteps` at once: for bitmaps that are known to be short. */
export function readRoaring64(bytes: Uint8Array, path?: string, budgets?: ReadBudgets): Roaring64 {
  return atOnce(readRoaring64InSteps(bytes, path, budgets))
}

/** Everything that is verified of such a bitmap, for who hands its bytes on: of any number of positions, none is held. */
export function* roaring64Extent(bytes: Uint8Array, path?: string): Steps<RoaringExtent> {
  return yield* readBitmaps(new RoaringCursor(bytes, path, undefined), () => undefined)
}

/** Reads the portable serialisation of a 32-bit roaring bitmap. */
export function readRoaring32(
  bytes: Uint8Array,
  path?: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Roaring64 {
  const cursor = new RoaringCursor(bytes, path, budgets)
  const containers: Container[] = []
  const reading = new Reading(cursor, container => containers.push(container))
  atOnce(reading.bitmap32(0))
  return roaringOf(containers, cursor.view, reading.extent)
}

function* readBitmaps(
  cursor: RoaringCursor,
  keep: (container: Container) => void,
): Steps<RoaringExtent> {
  const reading = new Reading(cursor, keep)
  const count = cursor.uint64('the number of 32-bit bitmaps')
  let last = -1
  for (let i = 0; i < count; i++) {
    const high = cursor.uint32('a high key')
    if (high <= last) throw cursor.corrupt(`high keys must ascend, found ${high} after ${last}`)
    if (high > MAX_HIGH_KEY) throw cursor.corrupt(`high key ${high} exceeds 2^53 positions`)
    last = high
    yield* reading.bitmap32(high * KEY_SIZE)
  }
  return reading.extent
}

/** What has been read of a bitmap. */
class Reading {
  readonly #cursor: RoaringCursor
  readonly #keep: (container: Container) => void
  readonly #pace = new Pace()
  #cardinality = 0
  #greatest = -1

  constructor(cursor: RoaringCursor, keep: (container: Container) => void) {
    this.#cursor = cursor
    this.#keep = keep
  }

  get extent(): RoaringExtent {
    const { offset: byteLength } = this.#cursor
    return { cardinality: this.#cardinality, greatest: this.#greatest, byteLength }
  }

  *bitmap32(base: number): Steps<void> {
    const cursor = this.#cursor
    const { view } = cursor
    const cookie = cursor.uint32('a cookie')
    const hasRuns = (cookie & 0xffff) === RUNS_COOKIE
    if (!hasRuns && cookie !== NO_RUNS_COOKIE) throw cursor.corrupt(`unknown cookie ${cookie}`)
    const size = hasRuns ? (cookie >>> 16) + 1 : cursor.uint32('the number of containers')
    if (size > CONTAINER_SIZE) throw cursor.corrupt(`${size} containers, at most 65536 exist`)
    const flags = hasRuns ? cursor.take((size + 7) >> 3, 'run flags') : undefined
    const headers = cursor.take(size * 4, 'container headers')
    if (!hasRuns || size >= OFFSETS_FROM) cursor.take(size * 4, 'container offsets')
    // A bitmap without containers is a step forward too.
    if (this.#pace.isOver(0)) yield
    let last = -1
    for (let i = 0; i < size; i++) {
      const key = view.getUint16(headers + 4 * i, true)
      if (key <= last)
        throw cursor.corrupt(`container keys must ascend, found ${key} after ${last}`)
      last = key
      const start = cursor.offset
      const cardinality = view.getUint16(headers + 4 * i + 2, true) + 1
      cursor.count(cardinality)
      const isRun = flags !== undefined && (view.getUint8(flags + (i >> 3)) & (1 << (i & 7))) !== 0
      this.#container(base + key * CONTAINER_SIZE, isRun, cardinality)
      if (this.#pace.isOver(cursor.offset - start)) yield
    }
  }

  #container(base: number, isRun: boolean, cardinality: number): void {
    if (isRun) this.#runs(base, cardinality)
    else if (cardinality > ARRAY_MAX) this.#bitmap(base, cardinality)
    else this.#array(base, cardinality)
    this.#cardinality += cardinality
  }

  #runs(base: number, cardinality: number): void {
    const { view } = this.#cursor
    const count = this.#cursor.uint16('the number of runs')
    const at = this.#cursor.take(count * 4, 'runs')
    let next = 0
    let found = 0
    for (let i = 0; i < count; i++) {
      const first = view.getUint16(at + i * 4, true)
      const more = view.getUint16(at + i * 4 + 2, true)
      if (first < next || first + more >= CONTAINER_SIZE) throw this.#cursor.corrupt('runs overlap')
      next = first + more + 1
      found += more + 1
    }
    this.#requireAll(base, found, cardinality)
    this.#greatest = base + next - 1
    this.#keep({ kind: 'runs', base, at, count })
  }

  #bitmap(base: number, cardinality: number): void {
    const at = this.#cursor.take(BITMAP_BYTES, 'a bitmap')
    const { view } = this.#cursor
    this.#requireAll(base, bitsIn(view, at), cardinality)
    this.#greatest = base + greatestBit(view, at)
    this.#keep({ kind: 'bitmap', base, at, count: 1 })
  }

  #array(base: number, cardinality: number): void {
    const at = this.#cursor.take(cardinality * 2, 'an array')
    const { view } = this.#cursor
    let last = -1
    for (let i = 0; i < cardinality; i++) {
      const value = view.getUint16(at + i * 2, true)
      if (value <= last) throw this.#cursor.corrupt('array values must ascend')
      last = value
    }
    this.#greatest = base + last
    this.#keep({ kind: 'array', base, at, count: cardinality })
  }

  #requireAll(base: number, found: number, stated: number): void {
    if (found === stated) return
    const key = (base % KEY_SIZE) / CONTAINER_SIZE
    throw this.#cursor.corrupt(`container ${key} declares ${stated} values, holds ${found}`)
  }
}

function roaringOf(
  containers: readonly Container[],
  view: DataView,
  extent: RoaringExtent,
): Roaring64 {
  return {
    ...extent,
    has: position => {
      const low = position % CONTAINER_SIZE
      const container = findContainer(containers, position - low)
      return container !== undefined && contains(view, container, low)
    },
    *blocks() {
      let block = new Float64Array(SMALL_BLOCK)
      for (const container of containers) {
        const most = container.kind === 'array' ? container.count : CONTAINER_SIZE
        if (block.length < most) block = new Float64Array(CONTAINER_SIZE)
        yield block.subarray(0, copyPositions(view, container, block))
      }
    },
    *[Symbol.iterator]() {
      for (const container of containers) yield* positionsIn(view, container)
    },
  }
}
