import { inSlices, type Steps, type TablePart } from '@spillway/core'
import type { Manifest } from '../manifest/manifest.js'
import type { ManifestView } from '../manifest/manifest-view.js'

/** Partitions that are looked at in a step: part of a millisecond. */
const PARTITIONS_IN_A_STEP = 64

/** Which manifests have a live file in some part of a table: looked for once, however many snapshots list them. */
export class HeldParts {
  readonly #known = new WeakMap<TablePart, WeakMap<Manifest, boolean>>()

  /** The partitions of `view` must have been made. Files of an unpartitioned spec are of every part. */
  async holds(part: TablePart, view: ManifestView): Promise<boolean> {
    const known = this.#known.get(part) ?? new WeakMap<Manifest, boolean>()
    this.#known.set(part, known)
    const held = known.get(view.manifest) ?? (await inSlices(holdsPart(part, view)))
    known.set(view.manifest, held)
    return held
  }
}

/** Files that are no longer in the table have partitions too. */
function* holdsPart(part: TablePart, view: ManifestView): Steps<boolean> {
  const { spec, isPartitioned } = view.layout
  if (!isPartitioned) return view.length > 0
  const tuples = view.tuples()
  const live = new Set(view.manifest.columns.tuple)
  yield
  let looks = 0
  for (const code of live) {
    if (part.holds({ specId: spec.id, partition: tuples[code]! })) return true
    if (++looks % PARTITIONS_IN_A_STEP === 0) yield
  }
  return false
}
