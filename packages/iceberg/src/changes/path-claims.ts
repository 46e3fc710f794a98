import {
  ByteArena,
  type BytesColumn,
  Pace,
  placeIn,
  type Selection,
  type Steps,
  startsOf,
} from '@spillway/core'
import type { ManifestView } from '../manifest/manifest-view.js'
import { PathTable } from '../paths/path-table.js'

/** A row of one of several manifests. */
export interface ClaimedRow {
  readonly manifest: number
  readonly row: number
}

/** Rows that are looked at in a step: part of a millisecond. */
const ROWS_IN_A_STEP = 4096

/**
 * Files of several manifests by their recorded paths, each to be claimed once by the same file in other manifests. A
 * table may list one path twice, and then holds its rows twice.
 */
export class PathClaims {
  readonly #starts: readonly number[]
  readonly #table: PathTable
  readonly #claimed: Uint8Array

  /** Puts every file of `manifests` in, in steps: there may be millions. */
  static *inSteps(manifests: readonly ManifestView[]): Steps<PathClaims> {
    const starts = startsOf(manifests)
    const table = yield* PathTable.inSteps(yield* pathsOf(manifests, starts.at(-1)!))
    return new PathClaims(starts, table)
  }

  private constructor(starts: readonly number[], table: PathTable) {
    this.#starts = starts
    this.#table = table
    this.#claimed = new Uint8Array(starts.at(-1)!)
  }

  /** A file with the path of `row` that nobody has claimed, claimed now. */
  claim(view: ManifestView, row: number): ClaimedRow | undefined {
    for (const found of this.#table.rowsOf(view.pathAt(row))) {
      if (this.#claimed[found] === 1) continue
      this.#claimed[found] = 1
      const manifest = placeIn(this.#starts, found)
      return { manifest, row: found - this.#starts[manifest]! }
    }
    return undefined
  }

  /** The rows of one manifest that nobody has claimed. */
  *unclaimed(manifest: number): Steps<Selection> {
    const start = this.#starts[manifest]!
    const length = this.#starts[manifest + 1]! - start
    const rows = new Uint32Array(length)
    let count = 0
    for (let row = 0; row < length; row++) {
      if (this.#claimed[start + row] === 0) rows[count++] = row
      if (row % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
    }
    return rows.subarray(0, count)
  }
}

function* pathsOf(manifests: readonly ManifestView[], files: number): Steps<BytesColumn> {
  const arena = new ByteArena(files, 100)
  const pace = new Pace()
  for (const manifest of manifests) {
    for (const { offsets, data } of manifest.pathParts()) {
      for (let row = 0; row < offsets.length - 1; row++) {
        const [start, end] = [offsets[row]!, offsets[row + 1]!]
        arena.append(data, start, end)
        if (pace.isOver(end - start)) yield
      }
    }
  }
  return arena.finish()
}
