import { type ObjectStore, type ReadBudgets, readListed, TableError } from '@spillway/core'
import type { HFileSource } from '@spillway/encoding'

/** `HoodieLogFormat` block types. */
type LogBlockType = 'command' | 'delete' | 'corrupt' | 'avro' | 'hfile' | 'parquet' | 'cdc'

/** Header keys a reader needs (tech spec, "Log file format"). */
export const LOG_HEADER = {
  instant: 0,
  targetInstant: 1,
  schema: 2,
  command: 3,
  compactedInstants: 4,
  positions: 5,
  isPartial: 7,
  positionsBase: 8,
} as const

/** One block of a log file; its content is read when it is wanted. */
export interface LogBlock {
  readonly type: LogBlockType
  readonly header: ReadonlyMap<number, string>
  readonly path: string
  readonly content: HFileSource
}

const TYPES: readonly LogBlockType[] = [
  'command',
  'delete',
  'corrupt',
  'avro',
  'hfile',
  'parquet',
  'cdc',
]
const MAGIC = [0x23, 0x48, 0x55, 0x44, 0x49, 0x23]
/** Magic and block length. */
const PREFIX = 14
/** Files up to this size are read whole: their blocks are small. */
const WHOLE_FILE = 8 * 1024 * 1024
const HEADER_READ = 64 * 1024
const MAX_HEADER = 64 * 1024 * 1024

/** The bytes of an object, read by range. */
export function objectSource(
  store: ObjectStore,
  file: { readonly path: string; readonly size: number },
): HFileSource {
  return {
    size: file.size,
    budgets: store.budgets,
    async read(start, end, signal) {
      const bytes = await readListed(store, file, { range: { start, end }, signal })
      if (bytes !== undefined) return bytes
      throw new TableError('NOT_FOUND', `the file ${file.path} does not exist`, {
        context: { path: file.path },
      })
    },
  }
}

/** The blocks of a log file, in order. A block that is cut off or damaged comes as `corrupt`. */
export async function readLogBlocks(
  store: ObjectStore,
  file: { readonly path: string; readonly size: number },
  signal?: AbortSignal,
): Promise<readonly LogBlock[]> {
  const object = objectSource(store, file)
  const source = file.size <= WHOLE_FILE ? await inMemory(object, signal) : object
  return scanLogBlocks(source, file.path, signal)
}

/** The blocks of a log file by their types and headers, without reading what they hold. */
export async function readLogHeaders(
  store: ObjectStore,
  file: { readonly path: string; readonly size: number },
  signal?: AbortSignal,
): Promise<readonly LogBlock[]> {
  if (file.size <= HEADER_READ) return readLogBlocks(store, file, signal)
  return scanLogBlocks(objectSource(store, file), file.path, signal)
}

async function inMemory(object: HFileSource, signal?: AbortSignal): Promise<HFileSource> {
  const bytes = object.size === 0 ? new Uint8Array() : await object.read(0, object.size, signal)
  return bytesSource(bytes, object.budgets)
}

export function bytesSource(bytes: Uint8Array, budgets?: ReadBudgets): HFileSource {
  return {
    size: bytes.length,
    budgets,
    read: async (start, end) => bytes.subarray(start, end),
  }
}

async function scanLogBlocks(
  source: HFileSource,
  path: string,
  signal?: AbortSignal,
): Promise<readonly LogBlock[]> {
  const blocks: LogBlock[] = []
  for (let position = 0; position < source.size; ) {
    const block = await readBlock(source, position, path, signal)
    blocks.push(block.block)
    position = block.end
  }
  return blocks
}

async function readBlock(
  source: HFileSource,
  start: number,
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly block: LogBlock; readonly end: number }> {
  const head = await source.read(start, Math.min(source.size, start + HEADER_READ), signal)
  if (!MAGIC.every((byte, i) => head[i] === byte)) {
    throw badLogFile(path, `no block begins at byte ${start}: the magic #HUDI# is missing`)
  }
  const end = await blockEnd(source, start, head, signal)
  if (end === undefined) {
    const next = await nextMagic(source, start + MAGIC.length, signal)
    return { block: damaged(head, path), end: next }
  }
  const bytes =
    end - start <= head.length ? head : await headerBytes(source, start, end, head, signal)
  const cursor = new LogCursor(bytes, path, PREFIX)
  const version = cursor.int32()
  if (version !== 1) {
    throw new TableError('UNSUPPORTED_FEATURE', `log format version ${version} in ${path}`, {
      context: { path },
    })
  }
  const ordinal = cursor.int32()
  const type = TYPES[ordinal]
  if (type === undefined) throw badLogFile(path, `block type ${ordinal} at byte ${start}`)
  const header = cursor.map()
  const length = cursor.int64()
  const contentStart = start + cursor.position
  if (length < 0 || contentStart + length > end) {
    throw badLogFile(path, `a block's content of ${length} bytes ends after the block`)
  }
  return { block: { type, header, path, content: within(source, contentStart, length) }, end }
}

/** Where the block ends; undefined when its lengths disagree or it runs past the end of the file. */
async function blockEnd(
  source: HFileSource,
  start: number,
  head: Uint8Array,
  signal?: AbortSignal,
): Promise<number | undefined> {
  if (head.length < PREFIX) return undefined
  const length = new DataView(head.buffer, head.byteOffset).getBigInt64(MAGIC.length)
  const end = BigInt(start + PREFIX) + length
  if (length < 20n || end > BigInt(source.size)) return undefined
  const trailer = await source.read(Number(end) - 8, Number(end), signal)
  const total = new DataView(trailer.buffer, trailer.byteOffset).getBigInt64(0)
  return total === length + BigInt(MAGIC.length) ? Number(end) : undefined
}

async function headerBytes(
  source: HFileSource,
  start: number,
  end: number,
  head: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const needed = headerLength(head)
  if (needed <= head.length) return head
  return source.read(start, Math.min(end, start + Math.min(needed, MAX_HEADER)), signal)
}

/** Bytes up to the content, as far as `head` tells: one longer header value is read at a time. */
function headerLength(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  let position = PREFIX + 8
  const count = view.getInt32(position)
  position += 4
  for (let i = 0; i < count; i++) {
    if (position + 8 > head.length) return MAX_HEADER
    position += 8 + Math.max(0, view.getInt32(position + 4))
  }
  return position + 8
}

function within(source: HFileSource, start: number, length: number): HFileSource {
  return {
    size: length,
    budgets: source.budgets,
    read: (from, to, signal) => source.read(start + from, start + to, signal),
  }
}

/** A damaged block, with as much of its header as can be read: it tells whose block it was. */
function damaged(head: Uint8Array, path: string): LogBlock {
  let header: ReadonlyMap<number, string> = new Map()
  try {
    header = new LogCursor(head, path, PREFIX + 8).map()
  } catch {
    // The damage is in the header itself: nobody can say which write this was.
  }
  return { type: 'corrupt', header, path, content: bytesSource(new Uint8Array()) }
}

const SEARCH = 1 << 20

/** The next place where a block begins, or the end of the file. */
async function nextMagic(source: HFileSource, from: number, signal?: AbortSignal): Promise<number> {
  for (let start = from; start < source.size; start += SEARCH) {
    const bytes = await source.read(start, Math.min(source.size, start + SEARCH + 5), signal)
    for (let i = bytes.indexOf(MAGIC[0]!); i >= 0; i = bytes.indexOf(MAGIC[0]!, i + 1)) {
      if (MAGIC.every((byte, j) => bytes[i + j] === byte)) return start + i
    }
  }
  return source.size
}

class LogCursor {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #path: string
  position: number

  constructor(bytes: Uint8Array, path: string, position: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#path = path
    this.position = position
  }

  int32(): number {
    this.#need(4)
    this.position += 4
    return this.#view.getInt32(this.position - 4)
  }

  int64(): number {
    this.#need(8)
    this.position += 8
    const value = Number(this.#view.getBigInt64(this.position - 8))
    if (!Number.isSafeInteger(value)) throw badLogFile(this.#path, `a length of ${value}`)
    return value
  }

  map(): ReadonlyMap<number, string> {
    const count = this.int32()
    if (count < 0 || count > 64) throw badLogFile(this.#path, `a block header of ${count} entries`)
    const map = new Map<number, string>()
    for (let i = 0; i < count; i++) {
      const key = this.int32()
      const length = this.int32()
      this.#need(length)
      const text = this.#bytes.subarray(this.position, this.position + length)
      map.set(key, new TextDecoder().decode(text))
      this.position += length
    }
    return map
  }

  #need(length: number): void {
    if (length < 0 || this.position + length > this.#bytes.length) {
      throw badLogFile(
        this.#path,
        `${length} bytes were expected at byte ${this.position} of a block`,
      )
    }
  }
}

function badLogFile(path: string, problem: string): TableError {
  return new TableError('TABLE_CORRUPT', `log file ${path}: ${problem}`, { context: { path } })
}
