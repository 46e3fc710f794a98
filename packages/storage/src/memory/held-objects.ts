import { type ObjectMeta, type ObjectStore, throwIfCancelled } from '@spillway/core'
import { comparePaths, sortPaths } from '../objects/byte-order.js'

/** An object in memory. */
export interface HeldObject {
  readonly bytes: Uint8Array
  readonly meta: ObjectMeta
}

/** Objects by path, which are sorted when they are listed and not before. */
export class HeldObjects {
  readonly #held = new Map<string, HeldObject>()
  readonly #now: () => number
  #sorted: readonly string[] | undefined
  #writes = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get(path: string): HeldObject | undefined {
    return this.#held.get(path)
  }

  has(path: string): boolean {
    return this.#held.has(path)
  }

  write(path: string, bytes: Uint8Array): void {
    if (!this.#held.has(path)) this.#sorted = undefined
    const etag = `"${(++this.#writes).toString(16)}"`
    const meta = { path, size: bytes.length, lastModified: this.#now(), etag }
    this.#held.set(path, { bytes, meta })
  }

  delete(path: string): void {
    if (this.#held.delete(path)) this.#sorted = undefined
  }

  /** Every path, in byte order. */
  paths(): readonly string[] {
    this.#sorted ??= sortPaths([...this.#held.keys()])
    return this.#sorted
  }

  async *list(
    prefix: string,
    { startAfter, signal }: NonNullable<Parameters<ObjectStore['list']>[1]> = {},
  ): AsyncGenerator<ObjectMeta> {
    const all = this.paths()
    const from = startAfter !== undefined && comparePaths(startAfter, prefix) >= 0
    const first = from ? lowerBound(all, startAfter, true) : lowerBound(all, prefix, false)
    for (let i = first; i < all.length && all[i]!.startsWith(prefix); i++) {
      throwIfCancelled(signal)
      const found = this.#held.get(all[i]!)
      if (found !== undefined) yield found.meta
    }
  }

  async *listPrefixes(prefix: string, signal?: AbortSignal): AsyncGenerator<string> {
    const all = this.paths()
    let last = ''
    for (let i = lowerBound(all, prefix, false); i < all.length; i++) {
      throwIfCancelled(signal)
      const path = all[i]!
      if (!path.startsWith(prefix)) break
      const slash = path.indexOf('/', prefix.length)
      const folder = path.slice(0, slash + 1)
      if (slash < 0 || folder === last) continue
      last = folder
      yield folder
    }
  }
}

/** First index at or (`strictly`) after `path`. */
function lowerBound(sorted: readonly string[], path: string, strictly: boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    const order = comparePaths(sorted[middle]!, path)
    if (order < 0 || (strictly && order === 0)) low = middle + 1
    else high = middle
  }
  return low
}
