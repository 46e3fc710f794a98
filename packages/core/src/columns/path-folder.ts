import { grown } from '../bytes/growth.js'
import { ByteArena } from './byte-arena.js'
import { FoldedPaths, type SharedEnds } from './folded-paths.js'

/** Rows of a run, and bytes of it, at most. */
const RUN_ROWS = 1024
const RUN_BYTES = 1 << 18
/** What tells files of one writer apart. */
const MIDDLE_BYTES = 40

/** Folds paths as they come: a run is gathered whole, and what lies between its shared ends is kept. */
export class PathFolder {
  readonly #middles: ByteArena
  readonly #starts: number[] = [0]
  readonly #ends: SharedEnds[] = []
  // The run at hand: copied, or where it lies.
  #rows = 0
  readonly #offsets = new Int32Array(RUN_ROWS + 1)
  #copied = new Uint8Array(1024)
  #shared: Uint8Array | undefined

  /** For about `rows` paths. */
  constructor(rows: number) {
    this.#middles = new ByteArena(rows, MIDDLE_BYTES)
  }

  /** A path in bytes that will change. */
  append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#shared !== undefined) this.#copyShared(this.#shared)
    const used = this.#offsets[this.#rows]!
    const needed = used + end - start
    if (needed > this.#copied.length) this.#copied = grown(this.#copied, needed)
    // A loop: paths are short, and `set` would want a view of each.
    const run = this.#copied
    for (let from = start, to = used; from < end; ) run[to++] = bytes[from++]!
    this.#close(needed)
  }

  /** A path in bytes that stay as they are until it is finished. Those that follow one another there are not copied first. */
  share(bytes: Uint8Array, start: number, end: number): void {
    if (this.#rows === 0) {
      this.#shared = bytes
      this.#offsets[0] = start
    } else if (this.#shared !== bytes || this.#offsets[this.#rows] !== start) {
      this.append(bytes, start, end)
      return
    }
    this.#close(end)
  }

  #close(end: number): void {
    this.#offsets[++this.#rows] = end
    if (this.#rows === RUN_ROWS || end - this.#offsets[0]! >= RUN_BYTES) this.#end()
  }

  /** What has been shared of the run, as if it had been copied. */
  #copyShared(shared: Uint8Array): void {
    const offsets = this.#offsets
    const start = offsets[0]!
    const bytes = shared.subarray(start, offsets[this.#rows])
    if (bytes.length > this.#copied.length) this.#copied = grown(this.#copied, bytes.length)
    this.#copied.set(bytes)
    for (let row = 0; row <= this.#rows; row++) offsets[row]! -= start
    this.#shared = undefined
  }

  finish(): FoldedPaths {
    if (this.#rows > 0) this.#end()
    return new FoldedPaths(this.#starts, this.#ends, this.#middles.finish())
  }

  #end(): void {
    const [offsets, rows] = [this.#offsets, this.#rows]
    const bytes = this.#shared ?? this.#copied
    const { head, tail } = this.#sharedEnds(bytes)
    for (let row = 0; row < rows; row++) {
      this.#middles.append(bytes, offsets[row]! + head, offsets[row + 1]! - tail)
    }
    const [start, end] = [offsets[0]!, offsets[1]!]
    this.#ends.push({
      head: bytes.slice(start, start + head),
      tail: bytes.slice(end - tail, end),
    })
    this.#starts.push(this.#starts.at(-1)! + rows)
    this.#rows = 0
    this.#shared = undefined
    offsets[0] = 0
  }

  /** How many bytes all rows begin and end with; both ends of the shortest do not overlap. */
  #sharedEnds(bytes: Uint8Array): { readonly head: number; readonly tail: number } {
    const offsets = this.#offsets
    const first = offsets[0]!
    const lastOfFirst = offsets[1]! - 1
    let head = offsets[1]! - first
    let tail = head
    let least = head
    for (let row = 1; row < this.#rows; row++) {
      const start = offsets[row]!
      const end = offsets[row + 1]!
      if (end - start < least) least = end - start
      if (head > least) head = least
      if (tail > least) tail = least
      let at = 0
      while (at < head && bytes[first + at] === bytes[start + at]) at++
      head = at
      at = 0
      while (at < tail && bytes[lastOfFirst - at] === bytes[end - 1 - at]) at++
      tail = at
    }
    return { head, tail: Math.min(tail, least - head) }
  }
}
