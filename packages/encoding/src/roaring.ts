import { DEFAULT_BUDGETS, type ReadBudgets, requireWithin, TableError } from '@spillway/core'

/**
 * A set of row positions, as Delta, Iceberg (Puffin) and Hudi store it. Positions are below 2^53: no file has more
 * rows, so they are plain numbers.
 */
export interface Roaring64 {
  readonly cardinality: number
  /** Bytes of the serialised form that were read. */
  readonly byteLength: number
  has(position: number): boolean
  /** Ascending. */
  [Symbol.iterator](): IterableIterator<number>
}

/** Positions that share all but their low 16 bits. */
type Container =
  | { readonly kind: 'array'; readonly base: number; readonly values: Uint16Array }
  | { readonly kind: 'bitmap'; readonly base: number; readonly words: Uint32Array }
  /** Pairs of first value and length - 1. */
  | { readonly kind: 'runs'; readonly base: number; readonly pairs: Uint16Array }

const NO_RUNS_COOKIE = 12346
const RUNS_COOKIE = 12347
const OFFSETS_FROM = 4
const ARRAY_MAX = 4096
const BITMAP_BYTES = 8192
const CONTAINER_SIZE = 0x10000
const POSITIONS_PER_CONTAINER = 64
const KEY_SIZE = 0x100000000
/** Greatest high key whose positions all lie below 2^53. */
const MAX_HIGH_KEY = 0x1fffff

/**
 * Reads the portable serialisation of a 64-bit roaring bitmap (RoaringFormatSpec, "Extension for 64-bit
 * implementations"): a count, then that many 32-bit bitmaps, each behind its high key. Runs hold 65,536 positions in four
 * bytes: more than `budgets.rows` in all are refused, since whoever reads a vector goes through them.
 */
export function readRoaring64(
  bytes: Uint8Array,
  path?: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Roaring64 {
  const cursor = new Cursor(bytes, path, budgets)
  const count = cursor.uint64('the number of 32-bit bitmaps')
  const containers: Container[] = []
  let last = -1
  for (let i = 0; i < count; i++) {
    const high = cursor.uint32('a high key')
    if (high <= last) throw cursor.corrupt(`high keys must ascend, found ${high} after ${last}`)
    if (high > MAX_HIGH_KEY) throw cursor.corrupt(`high key ${high} exceeds 2^53 positions`)
    last = high
    readBitmap32(cursor, high * KEY_SIZE, containers)
  }
  return roaringOf(containers, cursor.offset)
}

/** Reads the portable serialisation of a 32-bit roaring bitmap. */
export function readRoaring32(
  bytes: Uint8Array,
  path?: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Roaring64 {
  const cursor = new Cursor(bytes, path, budgets)
  const containers: Container[] = []
  readBitmap32(cursor, 0, containers)
  return roaringOf(containers, cursor.offset)
}

function readBitmap32(cursor: Cursor, base: number, into: Container[]): void {
  const cookie = cursor.uint32('a cookie')
  const hasRuns = (cookie & 0xffff) === RUNS_COOKIE
  if (!hasRuns && cookie !== NO_RUNS_COOKIE) throw cursor.corrupt(`unknown cookie ${cookie}`)
  const size = hasRuns ? (cookie >>> 16) + 1 : cursor.uint32('the number of containers')
  if (size > CONTAINER_SIZE) throw cursor.corrupt(`${size} containers, at most 65536 exist`)
  const runFlags = hasRuns ? cursor.take((size + 7) >> 3, 'run flags') : undefined
  const headers = cursor.uint16s(size * 2, 'container headers')
  if (!hasRuns || size >= OFFSETS_FROM) cursor.take(size * 4, 'container offsets')
  let last = -1
  for (let i = 0; i < size; i++) {
    const key = headers[2 * i]!
    if (key <= last) throw cursor.corrupt(`container keys must ascend, found ${key} after ${last}`)
    last = key
    const isRun = runFlags !== undefined && (runFlags[i >> 3]! & (1 << (i & 7))) !== 0
    const cardinality = headers[2 * i + 1]! + 1
    cursor.count(cardinality)
    const container = readContainer(cursor, base + key * CONTAINER_SIZE, isRun, cardinality)
    if (cardinalityOf(container) !== cardinality) {
      throw cursor.corrupt(
        `container ${key} declares ${cardinality} values, holds ${cardinalityOf(container)}`,
      )
    }
    into.push(container)
  }
}

function readContainer(
  cursor: Cursor,
  base: number,
  isRun: boolean,
  cardinality: number,
): Container {
  if (isRun) {
    const count = cursor.uint16('the number of runs')
    const pairs = cursor.uint16s(count * 2, 'runs')
    let next = 0
    for (let i = 0; i < pairs.length; i += 2) {
      const end = pairs[i]! + pairs[i + 1]!
      if (pairs[i]! < next || end >= CONTAINER_SIZE) throw cursor.corrupt('runs overlap')
      next = end + 1
    }
    return { kind: 'runs', base, pairs }
  }
  if (cardinality > ARRAY_MAX) {
    const words = new Uint32Array(cursor.take(BITMAP_BYTES, 'a bitmap').slice().buffer)
    return { kind: 'bitmap', base, words }
  }
  const values = cursor.uint16s(cardinality, 'an array')
  for (let i = 1; i < values.length; i++) {
    if (values[i]! <= values[i - 1]!) throw cursor.corrupt('array values must ascend')
  }
  return { kind: 'array', base, values }
}

function roaringOf(containers: readonly Container[], byteLength: number): Roaring64 {
  return {
    cardinality: containers.reduce((sum, container) => sum + cardinalityOf(container), 0),
    byteLength,
    has: position => {
      const low = position % CONTAINER_SIZE
      const container = findContainer(containers, position - low)
      return container !== undefined && contains(container, low)
    },
    [Symbol.iterator]: () => positionsOf(containers),
  }
}

function findContainer(containers: readonly Container[], base: number): Container | undefined {
  let low = 0
  let high = containers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (containers[middle]!.base < base) low = middle + 1
    else high = middle
  }
  return containers[low]?.base === base ? containers[low] : undefined
}

function contains(container: Container, low: number): boolean {
  switch (container.kind) {
    case 'bitmap':
      return (container.words[low >> 5]! & (1 << (low & 31))) !== 0
    case 'array':
      return container.values.includes(low)
    case 'runs':
      for (let i = 0; i < container.pairs.length; i += 2) {
        const start = container.pairs[i]!
        if (low < start) return false
        if (low <= start + container.pairs[i + 1]!) return true
      }
      return false
  }
}

function cardinalityOf(container: Container): number {
  let count = 0
  switch (container.kind) {
    case 'array':
      return container.values.length
    case 'runs':
      for (let i = 1; i < container.pairs.length; i += 2) count += container.pairs[i]! + 1
      return count
    case 'bitmap':
      for (const word of container.words) count += bitCount(word)
      return count
  }
}

function bitCount(word: number): number {
  let pairs = word - ((word >>> 1) & 0x55555555)
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

function* positionsOf(containers: readonly Container[]): Generator<number, void, undefined> {
  for (const container of containers) {
    const { base } = container
    if (container.kind === 'array') {
      for (const value of container.values) yield base + value
    } else if (container.kind === 'runs') {
      for (let i = 0; i < container.pairs.length; i += 2) {
        const start = base + container.pairs[i]!
        for (let j = 0; j <= container.pairs[i + 1]!; j++) yield start + j
      }
    } else {
      for (let i = 0; i < container.words.length; i++) {
        for (let rest = container.words[i]!; rest !== 0; rest &= rest - 1) {
          yield base + i * 32 + (31 - Math.clz32(rest & -rest))
        }
      }
    }
  }
}

/** Reads little-endian numbers and refuses to run over the end. */
class Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #path: string | undefined
  readonly #budgets: ReadBudgets
  #positions = 0
  offset = 0

  constructor(bytes: Uint8Array, path: string | undefined, budgets: ReadBudgets) {
    this.#budgets = budgets
    // Never a Buffer: its slice() would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#path = path
  }

  /** One container of `cardinality` positions. A container takes as much memory as a good many of them. */
  count(cardinality: number): void {
    this.#positions += Math.max(cardinality, POSITIONS_PER_CONTAINER)
    const what = 'a deletion vector'
    const observed = this.#positions
    const path = this.#path
    requireWithin(this.#budgets, 'rows', { what, observed, unit: 'positions', path })
  }

  take(length: number, what: string): Uint8Array {
    if (length > this.#bytes.length - this.offset) {
      throw this.corrupt(
        `${what} needs ${length} bytes, ${this.#bytes.length - this.offset} are left`,
      )
    }
    this.offset += length
    return this.#bytes.subarray(this.offset - length, this.offset)
  }

  uint16(what: string): number {
    this.take(2, what)
    return this.#view.getUint16(this.offset - 2, true)
  }

  uint32(what: string): number {
    this.take(4, what)
    return this.#view.getUint32(this.offset - 4, true)
  }

  uint64(what: string): number {
    this.take(8, what)
    const value = this.#view.getBigUint64(this.offset - 8, true)
    if (value > BigInt(KEY_SIZE)) throw this.corrupt(`${what} is ${value}`)
    return Number(value)
  }

  uint16s(count: number, what: string): Uint16Array {
    // Copied, because the source may lie at an odd address.
    return new Uint16Array(this.take(count * 2, what).slice().buffer)
  }

  corrupt(reason: string): TableError {
    const where = this.#path === undefined ? '' : ` in ${this.#path}`
    return new TableError(
      'TABLE_CORRUPT',
      `expected a roaring bitmap${where}: ${reason} at byte ${this.offset}`,
      { context: this.#path === undefined ? {} : { path: this.#path } },
    )
  }
}
