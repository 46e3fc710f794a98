import { decodeText, grown, type LiveFiles, pathAt, type Selection } from '@spillway/core'

/** Where a page ended: the last file's key and, since keys are hashes, its path. */
export interface PageMark {
  readonly key: bigint
  readonly path?: string
  /** How often that path has been on a page; absent where the table lists it once. */
  readonly listings?: number
}

/** What work that takes long is cut by: told of how many milliseconds a piece took. */
type Turn = ((milliseconds: number) => Promise<void>) | undefined

export interface PageCollector {
  add(files: LiveFiles, rows: Selection, turn: Turn): Promise<void>
  /** The page, grouped by batch, and where the next begins. Nothing is added after it. */
  finish(turn: Turn): Promise<{
    readonly batches: readonly { readonly files: LiveFiles; readonly selection: Selection }[]
    readonly next: PageMark | undefined
  }>
}

const utf8 = new TextEncoder()

/** Survivors that are added, or sorted, between two looks at the clock. */
const ROWS_A_LOOK = 1024
/** Milliseconds of work before others have their turn. */
const PIECE_MS = 8

/**
 * Collects the `maxFiles` survivors with the smallest keys after `after`, ties by path and then in their own order. Keys depend on the file alone,
 * so every replica gives the same page, however it loaded the snapshot.
 */
export function pageCollector(maxFiles: number, after: PageMark | undefined): PageCollector {
  const page = new PageHeap(maxFiles)
  const start = after && new PageStart(after)
  let left = 0

  const addRows = (files: LiveFiles, rows: Selection): void => {
    const lanes = lanesOf(files)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (start !== undefined && !start.isBefore(files, row, lanes)) continue
      if (!page.push(files, row, lanes)) left++
    }
  }
  return {
    async add(files, rows, turn) {
      await files.batch.makeKeys?.()
      await inTurns(rows.length, turn, (from, to) => addRows(files, rows.subarray(from, to)))
    },
    async finish(turn) {
      const order = new Uint32Array(page.length)
      let end = order.length
      await inTurns(order.length, turn, (from, to) => {
        for (let i = from; i < to; i++) order[--end] = page.pop()
      })
      const next = left === 0 || order.length === 0 ? undefined : markOf(page, order, after)
      return { batches: byBatch(page, order), next }
    },
  }
}

/** Does `work` for all of `count`, some at a time, with a turn where it has taken long: rows may take any time. */
async function inTurns(
  count: number,
  turn: Turn,
  work: (from: number, to: number) => void,
): Promise<void> {
  let began = performance.now()
  for (let from = 0; from < count; from += ROWS_A_LOOK) {
    work(from, Math.min(count, from + ROWS_A_LOOK))
    const took = performance.now() - began
    const isLast = from + ROWS_A_LOOK >= count
    if (turn === undefined || took < (isLast ? 1 : PIECE_MS)) continue
    await turn(took)
    began = performance.now()
  }
}

/** Keys as two halves each, which compare without an object for every number. */
interface Lanes {
  readonly values: Uint32Array
  readonly high: 0 | 1
}

const HIGH_LANE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0

function lanesOf({ batch: { key } }: LiveFiles): Lanes {
  return { values: new Uint32Array(key.buffer, key.byteOffset, key.length * 2), high: HIGH_LANE }
}

/** Where a page begins: behind the last file of the one before. */
class PageStart {
  readonly #high: number
  readonly #low: number
  readonly #path: Uint8Array | undefined
  readonly #listings: number
  #passed = 0

  constructor({ key, path, listings = 1 }: PageMark) {
    this.#high = Number(key >> 32n)
    this.#low = Number(key & 0xffffffffn)
    this.#path = path === undefined ? undefined : utf8.encode(path)
    this.#listings = listings
  }

  isBefore(files: LiveFiles, row: number, { values, high }: Lanes): boolean {
    const first = values[row * 2 + high]!
    if (first !== this.#high) return first > this.#high
    const second = values[row * 2 + 1 - high]!
    if (second !== this.#low) return second > this.#low
    if (this.#path === undefined) return false
    const order = Buffer.compare(pathAt(files.batch, row), this.#path)
    return order > 0 || (order === 0 && ++this.#passed > this.#listings)
  }
}

/**
 * The smallest survivors so far, the greatest of them at the root, so that it is the one to go. Each has a place of its own in
 * columns; the heap is of places.
 */
class PageHeap {
  readonly #most: number
  readonly files: LiveFiles[] = []
  #heap = new Uint32Array(FEW)
  #high = new Uint32Array(FEW)
  #low = new Uint32Array(FEW)
  #rows = new Uint32Array(FEW)
  /** The order in which survivors came, which tells listings of one path apart. */
  #came = new Float64Array(FEW)
  #seen = 0
  length = 0

  constructor(most: number) {
    this.#most = most
  }

  row(place: number): number {
    return this.#rows[place]!
  }

  path(place: number): Uint8Array {
    return pathAt(this.files[place]!.batch, this.#rows[place]!)
  }

  key(place: number): bigint {
    return (BigInt(this.#high[place]!) << 32n) | BigInt(this.#low[place]!)
  }

  /** False where this one, or another in its place, is not among the smallest. */
  push(files: LiveFiles, row: number, { values, high }: Lanes): boolean {
    const first = values[row * 2 + high]!
    const second = values[row * 2 + 1 - high]!
    const came = this.#seen++
    if (this.length < this.#most) {
      this.#reserve(this.length + 1)
      const place = this.length++
      this.#put(place, { files, row, first, second, came })
      this.#siftUp(place)
      return true
    }
    if (this.length === 0) return false
    const root = this.#heap[0]!
    // Nearly all of a large table end here.
    if (first > this.#high[root]!) return false
    if (first === this.#high[root] && !this.#isBelow(root, { files, row, second })) return false
    this.#put(root, { files, row, first, second, came })
    this.#siftDown(root)
    return false
  }

  /** The place of the greatest, which is then no longer of the heap. */
  pop(): number {
    const root = this.#heap[0]!
    const last = this.#heap[--this.length]!
    if (this.length > 0) this.#siftDown(last)
    return root
  }

  /** True where a survivor that came after all others stands before the root, by the order of `compare`. */
  #isBelow(root: number, { files, row, second }: Pick<Survivor, 'files' | 'row' | 'second'>) {
    if (second !== this.#low[root]) return second < this.#low[root]!
    return Buffer.compare(pathAt(files.batch, row), this.path(root)) < 0
  }

  #put(place: number, { files, row, first, second, came }: Survivor): void {
    this.files[place] = files
    this.#rows[place] = row
    this.#high[place] = first
    this.#low[place] = second
    this.#came[place] = came
  }

  #siftUp(place: number): void {
    const heap = this.#heap
    let at = this.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#compare(heap[parent]!, place) >= 0) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = place
  }

  #siftDown(place: number): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.length) break
      const other = child + 1
      if (other < this.length && this.#compare(heap[other]!, heap[child]!) > 0) child = other
      if (this.#compare(heap[child]!, place) <= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = place
  }

  #compare(a: number, b: number): number {
    if (this.#high[a] !== this.#high[b]) return this.#high[a]! < this.#high[b]! ? -1 : 1
    if (this.#low[a] !== this.#low[b]) return this.#low[a]! < this.#low[b]! ? -1 : 1
    return this.comparePaths(a, b) || this.#came[a]! - this.#came[b]!
  }

  /** The order of two with one key. Paths may be long, and many listings be of one: they are compared by the engine itself. */
  comparePaths(a: number, b: number): number {
    return Buffer.compare(this.path(a), this.path(b))
  }

  #reserve(needed: number): void {
    const likely = this.#most
    this.#heap = grown(this.#heap, needed, { likely, most: this.#most })
    this.#high = grown(this.#high, needed, { likely, most: this.#most })
    this.#low = grown(this.#low, needed, { likely, most: this.#most })
    this.#rows = grown(this.#rows, needed, { likely, most: this.#most })
    this.#came = grown(this.#came, needed, { likely, most: this.#most })
  }
}

const FEW = 64

interface Survivor {
  readonly files: LiveFiles
  readonly row: number
  readonly first: number
  readonly second: number
  readonly came: number
}

/** The mark of the last of `order`, which is that of places from the smallest on. */
function markOf(page: PageHeap, order: Uint32Array, after: PageMark | undefined): PageMark {
  const last = order[order.length - 1]!
  const key = page.key(last)
  const path = decodeText(page.path(last))
  // How often that path has been on this page and, where the page goes on with it, on those before.
  let listings = after?.key === key && after.path === path ? (after.listings ?? 1) : 0
  for (let i = order.length - 1; i >= 0; i--) {
    const place = order[i]!
    if (page.key(place) !== key || page.comparePaths(place, last) !== 0) break
    listings++
  }
  return { key, path, ...(listings > 1 && { listings }) }
}

function byBatch(page: PageHeap, order: Uint32Array) {
  const rows = new Map<LiveFiles, number[]>()
  for (const place of order) {
    const files = page.files[place]!
    const known = rows.get(files)
    if (known) known.push(page.row(place))
    else rows.set(files, [page.row(place)])
  }
  return [...rows].map(([files, list]) => ({ files, selection: Uint32Array.from(list).sort() }))
}
