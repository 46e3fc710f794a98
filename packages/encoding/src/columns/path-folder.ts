import { isAscii } from 'node:buffer'
import type { BytesColumn } from '@spillway/core'
import { ByteArena } from './byte-arena.js'
import { FoldedPaths, type SharedEnds } from './folded-paths.js'
import { firstRowNotUtf8 } from './utf8-rows.js'

/** Rows of a run, and bytes of it that are its own, at most. */
const RUN_ROWS = 1024
const RUN_BYTES = 1 << 18
/** How often what the rows of a run share may turn out to be less: its first few rows tell nearly all. */
const MOST_CUTS = 8
/** What tells files of one writer apart. */
const MIDDLE_BYTES = 40

/** Folds paths as they come: each is compared with the first of its run, and what is in between is copied. */
export class PathFolder {
  readonly #middles: ByteArena
  readonly #starts: number[] = [0]
  readonly #ends: SharedEnds[] = []
  #notUtf8: number | undefined
  // The run at hand.
  #first = new Uint8Array(0)
  #rows = 0
  #head = 0
  #tail = 0
  #cuts = 0
  /** What its rows have between their shared ends. */
  #own = new Uint8Array(RUN_ROWS * MIDDLE_BYTES)
  readonly #offsets = new Int32Array(RUN_ROWS + 1)

  /** For `rows` paths at most. */
  constructor(rows: number) {
    this.#middles = new ByteArena(rows, MIDDLE_BYTES)
  }

  /** The first row whose path is no text: it would be read as that of another file. */
  get notUtf8(): number | undefined {
    return this.#notUtf8
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#rows === 0) {
      this.#begin(bytes, start, end)
      return
    }
    const first = this.#first
    const least = Math.min(first.length, end - start)
    let head = 0
    const mostHead = Math.min(this.#head, least)
    while (head < mostHead && bytes[start + head] === first[head]) head++
    let tail = 0
    const mostTail = Math.min(this.#tail, least - head)
    const [last, lastOfFirst] = [end - 1, first.length - 1]
    while (tail < mostTail && bytes[last - tail] === first[lastOfFirst - tail]) tail++
    if (head < this.#head || tail < this.#tail) {
      if (this.#cuts === MOST_CUTS) {
        this.#end()
        this.#begin(bytes, start, end)
        return
      }
      this.#cut(head, tail)
    }
    this.#take(bytes, start + head, end - tail)
  }

  finish(): FoldedPaths {
    if (this.#rows > 0) this.#end()
    return new FoldedPaths(this.#starts, this.#ends, this.#middles.finish())
  }

  /** A path alone is all beginning, and might be all end. */
  #begin(bytes: Uint8Array, start: number, end: number): void {
    this.#first = bytes.slice(start, end)
    this.#head = this.#first.length
    this.#tail = this.#first.length
    this.#cuts = 0
    this.#rows = 1
    this.#offsets[1] = 0
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    const used = this.#offsets[this.#rows]!
    const needed = used + end - start
    if (needed > this.#own.length) this.#own = larger(this.#own, used, needed)
    const own = this.#own
    for (let from = start, to = used; from < end; ) own[to++] = bytes[from++]!
    this.#offsets[++this.#rows] = needed
    if (this.#rows === RUN_ROWS || needed >= RUN_BYTES) this.#end()
  }

  /** The rows so far share less with the next: what they no longer do is given back to each. */
  #cut(head: number, tail: number): void {
    const first = this.#first
    const lost = first.length - this.#tail
    const before = first.subarray(head, this.#rows === 1 ? first.length - tail : this.#head)
    const behind = this.#rows === 1 ? NOTHING : first.subarray(lost, first.length - tail)
    const more = before.length + behind.length
    const offsets = this.#offsets
    const old = this.#own.slice(0, offsets[this.#rows])
    const needed = old.length + more * this.#rows
    if (needed > this.#own.length) this.#own = larger(this.#own, 0, needed)
    let start = 0
    let to = 0
    for (let row = 0; row < this.#rows; row++) {
      const end = offsets[row + 1]!
      this.#own.set(before, to)
      for (let i = start; i < end; i++) this.#own[to + before.length + i - start] = old[i]!
      to += more + end - start
      this.#own.set(behind, to - behind.length)
      offsets[row + 1] = to
      start = end
    }
    this.#head = head
    this.#tail = tail
    this.#cuts++
  }

  #end(): void {
    const [first, rows] = [this.#first, this.#rows]
    const head = first.slice(0, this.#head)
    const tail = rows === 1 ? NOTHING : first.slice(first.length - this.#tail)
    const offsets = this.#offsets
    for (let row = 0; row < rows; row++) {
      this.#middles.append(this.#own, offsets[row]!, offsets[row + 1]!)
    }
    this.#check({ head, tail })
    this.#ends.push({ head, tail })
    this.#starts.push(this.#starts.at(-1)! + rows)
    this.#rows = 0
  }

  #check(ends: SharedEnds): void {
    if (this.#notUtf8 !== undefined) return
    const own = this.#own.subarray(0, this.#offsets[this.#rows])
    if (isAscii(own) && isAscii(ends.head) && isAscii(ends.tail)) return
    const offsets = this.#offsets.slice(0, this.#rows + 1)
    const middles: BytesColumn = { kind: 'bytes', offsets, data: own }
    const whole = new FoldedPaths([0, this.#rows], [ends], middles).column
    const row = firstRowNotUtf8(whole)
    if (row !== undefined) this.#notUtf8 = this.#starts.at(-1)! + row
  }
}

const NOTHING = new Uint8Array()

function larger(bytes: Uint8Array, used: number, needed: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(Math.max(needed, bytes.length * 2))
  copy.set(bytes.subarray(0, used))
  return copy
}
