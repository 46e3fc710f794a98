import { inSlices, type Steps } from '@spillway/core'
import { compareUtf8 } from '../paths/utf8-order.js'
import { ENTRIES_IN_A_STEP, type Manifest, type ManifestEntry } from './manifest.js'

/** What became of the files of an asset, each list by path. */
export interface ManifestDiff {
  readonly added: readonly ManifestEntry[]
  readonly removed: readonly ManifestEntry[]
  /** Of the same path, with another size or content. */
  readonly changed: readonly { readonly from: ManifestEntry; readonly to: ManifestEntry }[]
  readonly same: readonly ManifestEntry[]
}

/** What is in `to` and was in `from`. Takes one pass over both, in steps that let others go on. */
export async function diffManifests(from: Manifest, to: Manifest): Promise<ManifestDiff> {
  return inSlices(diffInSteps(from.entries, to.entries))
}

function* diffInSteps(
  from: readonly ManifestEntry[],
  to: readonly ManifestEntry[],
): Steps<ManifestDiff> {
  const added: ManifestEntry[] = []
  const removed: ManifestEntry[] = []
  const changed: { from: ManifestEntry; to: ManifestEntry }[] = []
  const same: ManifestEntry[] = []
  let [i, j, steps] = [0, 0, 0]
  while (i < from.length || j < to.length) {
    const [before, now] = [from[i], to[j]]
    const order = comparePaths(before, now)
    if (order < 0) removed.push(before!)
    else if (order > 0) added.push(now!)
    else if (before!.sha256 === now!.sha256 && before!.size === now!.size) same.push(now!)
    else changed.push({ from: before!, to: now! })
    if (order <= 0) i++
    if (order >= 0) j++
    if (++steps % ENTRIES_IN_A_STEP === 0) yield
  }
  return { added, removed, changed, same }
}

/** Whatever is left stands before what has ended. */
function comparePaths(a: ManifestEntry | undefined, b: ManifestEntry | undefined): number {
  if (a === undefined) return 1
  if (b === undefined) return -1
  return compareUtf8(a.path, b.path)
}
