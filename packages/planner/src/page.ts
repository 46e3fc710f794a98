import { compareBytes, type LiveFiles, readBytes, readString, type Selection } from '@spillway/core'

/** Where a page ended: the last file's key and, since keys are hashes, its path. */
export interface PageMark {
  readonly key: bigint
  readonly path?: string
  /** How often that path has been on a page; absent where the table lists it once. */
  readonly listings?: number
}

/** A survivor that may be on the page. At most `maxFiles` of them exist at a time. */
interface Entry {
  readonly key: bigint
  readonly files: LiveFiles
  readonly row: number
  /** The order in which survivors came, which tells listings of one path apart. */
  readonly at: number
}

export interface PageCollector {
  add(files: LiveFiles, rows: Selection): void
  /** The page, grouped by batch, and where the next begins. */
  finish(): {
    readonly batches: readonly { readonly files: LiveFiles; readonly selection: Selection }[]
    readonly next: PageMark | undefined
    readonly left: number
  }
}

const utf8 = new TextEncoder()

/**
 * Collects the `maxFiles` survivors with the smallest keys after `after`, ties by path and then in their own order. Keys depend on the file alone,
 * so every replica gives the same page, however it loaded the snapshot.
 */
export function pageCollector(maxFiles: number, after: PageMark | undefined): PageCollector {
  const heap: Entry[] = []
  const afterPath = after?.path === undefined ? undefined : utf8.encode(after.path)
  let left = 0
  let added = 0
  let passed = 0
  const isAfter = (entry: Entry): boolean => {
    if (after === undefined || entry.key > after.key) return true
    if (entry.key < after.key || afterPath === undefined) return false
    const order = compareBytes(pathOf(entry), afterPath)
    return order > 0 || (order === 0 && ++passed > (after.listings ?? 1))
  }
  return {
    add(files, rows) {
      for (const row of rows) {
        const entry = { key: files.batch.key[row]!, files, row, at: added++ }
        if (!isAfter(entry)) continue
        if (heap.length < maxFiles) siftUp(heap, entry)
        else {
          left++
          if (heap.length > 0 && order(entry, heap[0]!) < 0) siftDown(heap, entry)
        }
      }
    },
    finish() {
      const entries = heap.toSorted(order)
      const last = entries.at(-1)
      const next =
        left === 0 || last === undefined
          ? undefined
          : markOf(last, listingsOf(last, entries, after))
      return { batches: byBatch(entries), next, left }
    },
  }
}

/** How often the path of the page's last entry has been on this page and, where it goes on with it, on those before. */
function listingsOf(last: Entry, entries: readonly Entry[], after: PageMark | undefined): number {
  const path = readString(last.files.batch.path, last.row)
  const before = after?.key === last.key && after.path === path ? (after.listings ?? 1) : 0
  const first = entries.findIndex(entry => comparePaths(entry, last) === 0)
  return before + entries.length - first
}

function markOf({ key, files, row }: Entry, listings: number): PageMark {
  const path = readString(files.batch.path, row)
  return { key, path, ...(listings > 1 && { listings }) }
}

function byBatch(entries: readonly Entry[]) {
  const rows = new Map<LiveFiles, number[]>()
  for (const { files, row } of entries) {
    const known = rows.get(files)
    if (known) known.push(row)
    else rows.set(files, [row])
  }
  return [...rows].map(([files, list]) => ({ files, selection: Uint32Array.from(list).sort() }))
}

function order(a: Entry, b: Entry): number {
  return comparePaths(a, b) || a.at - b.at
}

function comparePaths(a: Entry, b: Entry): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1
  return compareBytes(pathOf(a), pathOf(b))
}

function pathOf({ files, row }: Entry): Uint8Array {
  return readBytes(files.batch.path, row)
}

/** The greatest entry is at the root, so that it is the one to go. */
function siftUp(heap: Entry[], entry: Entry): void {
  let at = heap.length
  heap.push(entry)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (order(heap[parent]!, entry) >= 0) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = entry
}

function siftDown(heap: Entry[], entry: Entry): void {
  let at = 0
  for (;;) {
    let child = at * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && order(heap[child + 1]!, heap[child]!) > 0) child++
    if (order(heap[child]!, entry) <= 0) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = entry
}
