import { readBytes, type Selection, selectAll } from '@spillway/core'
import { ByteArena } from './byte-arena.js'
import type { ManifestView } from './manifest-view.js'
import { PathTable } from './path-table.js'

/** A row of one of several manifests. */
export interface ClaimedRow {
  readonly manifest: number
  readonly row: number
}

/**
 * Files of several manifests by their recorded paths, each to be claimed once by the same file in other manifests. A
 * table may list one path twice, and then holds its rows twice.
 */
export class PathClaims {
  readonly #starts: readonly number[]
  readonly #table: PathTable
  readonly #claimed: Uint8Array

  constructor(manifests: readonly ManifestView[]) {
    const starts = [0]
    for (const { length } of manifests) starts.push(starts.at(-1)! + length)
    const arena = new ByteArena(starts.at(-1)!, 100)
    for (const { path, length } of manifests) {
      for (let row = 0; row < length; row++) {
        arena.append(path.data, path.offsets[row]!, path.offsets[row + 1]!)
      }
    }
    this.#starts = starts
    this.#table = PathTable.of(arena.finish())
    this.#claimed = new Uint8Array(starts.at(-1)!)
  }

  /** A file with the path of `row` that nobody has claimed, claimed now. */
  claim({ path }: ManifestView, row: number): ClaimedRow | undefined {
    for (const found of this.#table.rowsOf(readBytes(path, row))) {
      if (this.#claimed[found] === 1) continue
      this.#claimed[found] = 1
      const manifest = this.#starts.findLastIndex(start => start <= found)
      return { manifest, row: found - this.#starts[manifest]! }
    }
    return undefined
  }

  /** The rows of one manifest that nobody has claimed. */
  unclaimed(manifest: number): Selection {
    const start = this.#starts[manifest]!
    const length = this.#starts[manifest + 1]! - start
    return selectAll(length).filter(row => this.#claimed[start + row] === 0)
  }
}
