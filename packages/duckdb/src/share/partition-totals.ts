import type { DeltaFileAction } from '@spillway/protocol'
import type { PartitionExplanation } from './attached-share.js'

const MAX_LISTED = 1000

/** Counts files by their partition values. */
export class PartitionTotals {
  readonly #byValues = new Map<string, { files: number; kept: number; bytes: number }>()

  add({ partitionValues, size }: DeltaFileAction, kept: boolean): void {
    const key = JSON.stringify(partitionValues ?? {})
    const known = this.#byValues.get(key)
    const total = known ?? { files: 0, kept: 0, bytes: 0 }
    if (known === undefined) this.#byValues.set(key, total)
    total.files++
    total.kept += kept ? 1 : 0
    total.bytes += Number(size ?? 0)
  }

  list(): readonly PartitionExplanation[] {
    return [...this.#byValues]
      .map(([values, total]) => ({ values: JSON.parse(values), ...total }))
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, MAX_LISTED)
  }
}
