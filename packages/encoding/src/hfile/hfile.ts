import {
  compareBytes,
  DEFAULT_BUDGETS,
  inSlices,
  type ReadBudgets,
  Slices,
  type Steps,
  TableError,
} from '@spillway/core'
import type { Inflation } from '../compression/inflation.js'
import { badHFile, HFILE_CODEC_GZIP, HFILE_CODEC_NONE, readHFileBlock } from './hfile-block.js'
import { HFileCursor, rowOf } from './hfile-cursor.js'
import {
  anyKeyIn,
  type DataBlock,
  ENTRIES_IN_A_STEP,
  inFileOrder,
  lowerBound,
  readNonRootIndex,
  readRootIndex,
  wantedOf,
} from './hfile-index.js'
import { type HFileTrailer, readHFileInfo, readHFileTrailer, TRAILER_LENGTH } from './hfile-meta.js'
import { type HFileSource, readExactly, roomOf } from './hfile-source.js'

export interface HFileEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Bytes read at once from the end: trailer, file info and a small index come in one request. */
const TAIL = 64 * 1024
/** Blocks nearer than this are fetched together. */
const COALESCE = 64 * 1024
/** Bytes of neighbouring blocks fetched by one request. */
const MAX_FETCH = 8 * 1024 * 1024
const MAX_INDEX_LEVELS = 8

/** An opened HFile version 3: entries in byte order of their keys, found through the block index. */
export class HFile {
  readonly #source: HFileSource
  readonly #trailer: HFileTrailer
  readonly #root: readonly DataBlock[]
  readonly #room: Inflation
  readonly info: ReadonlyMap<string, Uint8Array>

  private constructor(
    source: HFileSource,
    trailer: HFileTrailer,
    root: readonly DataBlock[],
    info: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#room = roomOf(source)
    this.#source = source
    this.#trailer = trailer
    this.#root = root
    this.info = info
  }

  static async open(source: HFileSource, signal?: AbortSignal): Promise<HFile> {
    if (source.size < TRAILER_LENGTH) {
      throw badHFile(`${source.size} bytes are fewer than a trailer's ${TRAILER_LENGTH}`)
    }
    const tailStart = Math.max(0, source.size - TAIL)
    const tail = await readExactly(source, tailStart, source.size, signal)
    const trailer = readHFileTrailer(tail.subarray(tail.length - TRAILER_LENGTH))
    checkCodec(trailer)
    if ((trailer.entryCount === 0) !== (trailer.dataIndexCount === 0)) {
      throw badHFile(`${trailer.entryCount} entries in ${trailer.dataIndexCount} indexed blocks`)
    }
    if (trailer.entryCount === 0) {
      return new HFile(source, trailer, [], new Map())
    }
    const start = trailer.loadOnOpenOffset
    const end = source.size - TRAILER_LENGTH
    if (start < 0 || start > end) throw badHFile(`the index is said to start at byte ${start}`)
    const section =
      start >= tailStart
        ? tail.subarray(start - tailStart, end - tailStart)
        : await readExactly(source, start, end, signal)
    const { root, info } = await inSlices(loadedOnOpen(section, start, trailer, roomOf(source)))
    return new HFile(source, trailer, root, info)
  }

  get budgets(): ReadBudgets {
    return this.#source.budgets ?? DEFAULT_BUDGETS
  }

  get entryCount(): number {
    return this.#trailer.entryCount
  }

  /** Every entry, in key order. */
  async *scan(signal?: AbortSignal): AsyncGenerator<HFileEntry> {
    let count = 0
    const leaves = await this.#leaves(() => true, signal)
    for await (const entries of this.#blocks(leaves, signal)) {
      for (const entry of entries) {
        count++
        yield entry
      }
    }
    if (count !== this.entryCount) {
      throw badHFile(`it holds ${count} entries, its trailer states ${this.entryCount}`)
    }
  }

  /** The entries whose keys are in `keys`, which ascend in byte order; only blocks that may hold one are read. */
  async *lookup(keys: readonly Uint8Array[], signal?: AbortSignal): AsyncGenerator<HFileEntry> {
    if (keys.length === 0) return
    const leaves = await this.#leaves((lower, upper) => anyKeyIn(keys, lower, upper), signal)
    for await (const entries of this.#blocks(leaves, signal)) {
      let next = 0
      for (const entry of entries) {
        if (next === 0) next = lowerBound(keys, entry.key)
        while (next < keys.length && compareBytes(keys[next]!, entry.key) < 0) next++
        if (next >= keys.length) break
        if (compareBytes(keys[next]!, entry.key) === 0) yield entry
      }
    }
  }

  /** Data blocks of the subtrees that `wanted(first key, first key of the next)` keeps. */
  async #leaves(
    wanted: (lower: Uint8Array, upper: Uint8Array | undefined) => boolean,
    signal?: AbortSignal,
  ): Promise<readonly DataBlock[]> {
    let level: readonly DataBlock[] = wantedOf(inFileOrder(this.#root), wanted)
    for (let depth = this.#trailer.indexLevels; depth > 1; depth--) {
      const children: DataBlock[] = []
      for await (const { content } of this.#contents(level, signal)) {
        for (const child of readNonRootIndex(content)) children.push(child)
      }
      level = wantedOf(inFileOrder(children), wanted)
    }
    return level
  }

  async *#blocks(
    blocks: readonly DataBlock[],
    signal?: AbortSignal,
  ): AsyncGenerator<readonly HFileEntry[]> {
    const slices = new Slices()
    for await (const { magic, content } of this.#contents(blocks, signal)) {
      if (magic !== 'DATABLK*') throw badHFile(`a data block has magic '${magic}'`)
      yield await inSlices(entriesOf(content), slices)
    }
  }

  /** Inflated blocks in order, neighbours fetched together. */
  async *#contents(blocks: readonly DataBlock[], signal?: AbortSignal) {
    const slices = new Slices()
    for (let from = 0; from < blocks.length; ) {
      let to = from + 1
      while (to < blocks.length && nearby(blocks[from]!, blocks[to - 1]!, blocks[to]!)) to++
      const start = blocks[from]!.offset
      const last = blocks[to - 1]!
      const bytes = await readExactly(this.#source, start, last.offset + last.length, signal)
      for (const block of blocks.slice(from, to)) {
        const { codec } = this.#trailer
        const read = readHFileBlock(bytes, block.offset - start, { codec, room: this.#room })
        yield await inSlices(read, slices)
      }
      from = to
    }
  }
}

function nearby(first: DataBlock, last: DataBlock, next: DataBlock): boolean {
  const gap = next.offset - (last.offset + last.length)
  return gap >= 0 && gap <= COALESCE && next.offset + next.length - first.offset <= MAX_FETCH
}

function checkCodec(trailer: HFileTrailer): void {
  if (trailer.codec !== HFILE_CODEC_GZIP && trailer.codec !== HFILE_CODEC_NONE) {
    throw new TableError('UNSUPPORTED_FEATURE', `HFile compression codec ${trailer.codec}`)
  }
  if (trailer.indexLevels > MAX_INDEX_LEVELS) {
    throw badHFile(`an index of ${trailer.indexLevels} levels`)
  }
}

function* loadedOnOpen(
  section: Uint8Array,
  start: number,
  trailer: HFileTrailer,
  room: Inflation,
): Steps<{ readonly root: readonly DataBlock[]; readonly info: HFile['info'] }> {
  const { codec } = trailer
  const index = yield* readHFileBlock(section, 0, { codec, room })
  if (index.magic !== 'IDXROOT2') throw badHFile(`the root index has magic '${index.magic}'`)
  const root = yield* readRootIndex(index.content, trailer.dataIndexCount)
  return { root, info: yield* readHFileInfo(section, start, { trailer, room }) }
}

function* entriesOf(content: Uint8Array): Steps<readonly HFileEntry[]> {
  const entries: HFileEntry[] = []
  const cursor = new HFileCursor(content)
  while (!cursor.done) {
    const keyLength = cursor.int32()
    const valueLength = cursor.int32()
    const key = rowOf(cursor.slice(keyLength))
    const value = cursor.slice(valueLength)
    // The MVCC timestamp after each cell: always written, always zero here.
    cursor.hadoopVarint()
    entries.push({ key, value })
    if (entries.length % ENTRIES_IN_A_STEP === 0) yield
  }
  return entries
}
