import { placeIn, readBytes, type Steps, startsOf } from '@spillway/core'
import type { ManifestView } from '../manifest/manifest-view.js'
import { baseName, baseNameBytes } from '../paths/paths.js'

/** Looks at a name in a step: about a millisecond. */
const NAMES_IN_A_STEP = 4096

/** Every live data file of a snapshot by the last name of its path: row numbers in a hash table, no object a file. */
export class LiveNames {
  readonly #views: readonly ManifestView[]
  readonly #starts: readonly number[]
  readonly #heads: Int32Array
  readonly #next: Int32Array

  /** Puts every file of `views` in, in steps: there may be millions. */
  static *inSteps(views: readonly ManifestView[]): Steps<LiveNames> {
    const names = new LiveNames(views)
    yield* names.#fill()
    return names
  }

  private constructor(views: readonly ManifestView[]) {
    this.#views = views
    this.#starts = startsOf(views)
    const files = this.#starts.at(-1)!
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(files, 1) * 2))).fill(-1)
    this.#next = new Int32Array(files)
  }

  *#fill(): Steps<void> {
    let at = 0
    for (const view of this.#views) {
      for (const paths of view.pathParts()) {
        for (let row = 0; row < paths.offsets.length - 1; row++, at++) {
          const slot = this.#slot(baseNameBytes(readBytes(paths, row)))
          this.#next[at] = this.#heads[slot]!
          this.#heads[slot] = at
          if (at % NAMES_IN_A_STEP === NAMES_IN_A_STEP - 1) yield
        }
      }
    }
  }

  /** Recorded paths whose last name is `name`, each once: that of a file in each of very many partitions, perhaps. */
  *recordedAs(name: string): Steps<readonly string[]> {
    const found = new Set<string>()
    const slot = this.#slot(new TextEncoder().encode(name))
    let looks = 0
    for (let at = this.#heads[slot]!; at >= 0; at = this.#next[at]!) {
      const i = placeIn(this.#starts, at)
      const path = this.#views[i]!.manifest.recordedPath(at - this.#starts[i]!)
      if (baseName(path) === name) found.add(path)
      if (++looks % NAMES_IN_A_STEP === 0) yield
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
