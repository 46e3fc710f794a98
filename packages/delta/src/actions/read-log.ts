import { isUtf8 } from 'node:buffer'
import {
  budgetsOf,
  inSlices,
  type ObjectMeta,
  type ObjectStore,
  readListed,
  requireWithin,
  Slices,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { MAX_MEMBERS } from '@spillway/encoding'
import { JsonCursor } from '../json/json-cursor.js'
import { JsonProblem } from '../json/json-problem.js'
import { longStrings } from '../json/long-strings.js'
import { TextInterner } from '../json/text-interner.js'
import { type ActionSink, FileAction } from './actions.js'
import { loneMetadata, readAction, startsMetadata } from './read-action.js'

export interface LogReadOptions {
  readonly signal?: AbortSignal | undefined
  /** How much of a long file is held at a time. */
  readonly chunkBytes?: number
}

/** Bytes of an action that takes part of a millisecond. */
const LONG_ACTION = 64 * 1024
const CHUNK_BYTES = 16 * 1024 * 1024

/**
 * Streams the actions of one JSON log file, a commit or a V2 checkpoint. Long files are read in ranges, so that
 * neither the file nor a line that never ends is held whole.
 */
export class LogFileReader {
  readonly #store: ObjectStore
  readonly #options: LogReadOptions
  readonly #scratch = { action: new FileAction(), names: new TextInterner() }

  constructor(store: ObjectStore, options: LogReadOptions = {}) {
    this.#store = store
    this.#options = options
  }

  /** `first` is all of the file where the caller fetched it ahead, by `readListed`. */
  async read(file: ObjectMeta, sink: ActionSink, first?: Uint8Array): Promise<void> {
    const chunkBytes = this.#options.chunkBytes ?? CHUNK_BYTES
    if (first !== undefined) this.#checkWhole(first.length, file)
    let carried: Uint8Array = new Uint8Array(0)
    let line = 1
    let offset = 0
    const slices = new Slices()
    do {
      throwIfCancelled(this.#options.signal)
      const end = first === undefined ? Math.min(file.size, offset + chunkBytes) : file.size
      const chunk = first ?? (await this.#range(file, offset, end))
      // Exactly that many bytes came: each turn goes on by a chunk, whatever a store answers.
      offset = end
      const bytes = carried.length === 0 ? chunk : concat(carried, chunk)
      const final = offset >= file.size
      const used = await this.#actions(bytes, final, sink, { file, line, slices })
      line += newlines(bytes, used)
      carried = bytes.subarray(used)
      this.#checkLength(carried.length, file, line)
    } while (offset < file.size)
  }

  async #range(file: ObjectMeta, start: number, end: number): Promise<Uint8Array> {
    const { signal } = this.#options
    const whole = start === 0 && end === file.size
    const options = whole ? { signal } : { range: { start, end }, signal }
    const bytes = await readListed(this.#store, file, options)
    if (bytes !== undefined) return bytes
    throw new TableError('TABLE_CORRUPT', 'a listed log file is gone', {
      context: { path: file.path },
    })
  }

  /** Reads the whole actions in `bytes`; gives where the first incomplete one starts. */
  async #actions(
    bytes: Uint8Array,
    final: boolean,
    sink: ActionSink,
    at: { readonly file: ObjectMeta; readonly line: number; readonly slices: Slices },
  ): Promise<number> {
    this.#refuseForeign(bytes, final, at)
    const long = await inSlices(longStrings(bytes), at.slices)
    let cursor = new JsonCursor(bytes, byteOrderMark(bytes)).knows(long)
    let start = 0
    try {
      while (!cursor.atEnd()) {
        start = cursor.position
        const lone = this.#mayBeLone(bytes, start)
          ? await this.#loneMetadata(bytes, start, { final, path: at.file.path })
          : undefined
        if (lone !== undefined && sink.metadata !== undefined) {
          sink.metadata(lone.value)
          cursor = new JsonCursor(bytes, lone.end).knows(long)
        } else readAction(cursor, sink, this.#scratch)
        const isLong = cursor.position - start > LONG_ACTION
        if (isLong ? at.slices.isOverNow : at.slices.isOver) await at.slices.pause()
      }
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error
      if (error.truncated && !final) return start
      throw this.#corrupt(error, at.file, at.line + newlines(bytes, error.position))
    }
    return bytes.length
  }

  #mayBeLone(bytes: Uint8Array, start: number): boolean {
    return bytes.length - start >= LONG_ACTION && startsMetadata(bytes, start)
  }

  /** The metaData action of the line that begins at `start`, where that is long and whole. */
  async #loneMetadata(
    bytes: Uint8Array,
    start: number,
    { final, path }: { readonly final: boolean; readonly path: string },
  ) {
    const newline = bytes.indexOf(10, start)
    if (newline < 0 && !final) return undefined
    const end = newline < 0 ? bytes.length : newline
    if (end - start < LONG_ACTION) return undefined
    const options = { path, budgets: budgetsOf(this.#store), members: MAX_MEMBERS }
    const value = await loneMetadata(bytes.subarray(start, end), options)
    return value === undefined ? undefined : { value, end }
  }

  /**
   * NUL bytes: no JSON has one, and what a crash of the machine leaves of a file is full of them. What is no UTF-8: of a
   * path that is read as another, a file would be live that was removed.
   */
  #refuseForeign(bytes: Uint8Array, final: boolean, at: { file: ObjectMeta; line: number }): void {
    const problem = (what: string, place: number) =>
      this.#corrupt(new JsonProblem(what, place), at.file, at.line + newlines(bytes, place))
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const nul = all.indexOf(0)
    if (nul >= 0) throw problem('a NUL byte', nul)
    // A chunk may end in the middle of a character.
    const whole = final ? all : all.subarray(0, all.lastIndexOf(10) + 1)
    if (isUtf8(whole)) return
    const lines = linesOf(whole)
    const [start] = lines.find(([from, to]) => !isUtf8(whole.subarray(from, to)))!
    throw problem('bytes that are no UTF-8', start)
  }

  #checkWhole(length: number, { path, size }: ObjectMeta): void {
    if (length === size) return
    throw new TableError('INTERNAL', `${length} of ${size} bytes of a log file were handed on`, {
      context: { path },
    })
  }

  #checkLength(observed: number, { path }: ObjectMeta, line: number): void {
    const what = `the action on line ${line}`
    requireWithin(budgetsOf(this.#store), 'lineBytes', { what, observed, unit: 'bytes', path })
  }

  #corrupt(problem: JsonProblem, file: ObjectMeta, line: number): TableError {
    return new TableError(
      'TABLE_CORRUPT',
      `line ${line} of a log file is not JSON: ${problem.message}`,
      {
        context: { path: file.path, line },
        cause: problem,
      },
    )
  }
}

function byteOrderMark(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}

/** Where each line begins and ends. */
function linesOf(bytes: Buffer): readonly (readonly [number, number])[] {
  const lines: [number, number][] = []
  for (let from = 0; from < bytes.length; from = lines.at(-1)![1]) {
    const end = bytes.indexOf(10, from)
    lines.push([from, end < 0 ? bytes.length : end + 1])
  }
  return lines
}

function newlines(bytes: Uint8Array, end: number): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0 && at < end; at = bytes.indexOf(10, at + 1)) count++
  return count
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
