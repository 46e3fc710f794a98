import { readBytes } from '@spillway/core'
import type { ManifestView } from './manifest-view.js'
import { baseName, baseNameBytes } from './paths.js'

/** Every live data file of a snapshot by the last name of its path: row numbers in a hash table, no object a file. */
export class LiveNames {
  readonly #views: readonly ManifestView[]
  readonly #starts: readonly number[]
  readonly #heads: Int32Array
  readonly #next: Int32Array

  constructor(views: readonly ManifestView[]) {
    const starts = [0]
    for (const { length } of views) starts.push(starts.at(-1)! + length)
    const files = starts.at(-1)!
    this.#views = views
    this.#starts = starts
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(files, 1) * 2))).fill(-1)
    this.#next = new Int32Array(files)
    for (const [i, { path, length }] of views.entries()) {
      for (let row = 0; row < length; row++) {
        const slot = this.#slot(baseNameBytes(readBytes(path, row)))
        this.#next[starts[i]! + row] = this.#heads[slot]!
        this.#heads[slot] = starts[i]! + row
      }
    }
  }

  /** Recorded paths whose last name is `name`, each once. */
  recordedAs(name: string): readonly string[] {
    const found = new Set<string>()
    const slot = this.#slot(new TextEncoder().encode(name))
    for (let at = this.#heads[slot]!; at >= 0; at = this.#next[at]!) {
      const i = this.#starts.findLastIndex(start => start <= at)
      const path = this.#views[i]!.manifest.recordedPath(at - this.#starts[i]!)
      if (baseName(path) === name) found.add(path)
    }
    return [...found]
  }

  *recordedPaths(): Generator<string> {
    for (const { manifest, length } of this.#views) {
      for (let row = 0; row < length; row++) yield manifest.recordedPath(row)
    }
  }

  #slot(name: Uint8Array): number {
    let hash = 0x811c9dc5
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name[i]!, 0x01000193)
    return (hash ^ (hash >>> 15)) & (this.#heads.length - 1)
  }
}
