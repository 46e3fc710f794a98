import type { WritableStore } from '@spillway/core'

export interface CleanOptions {
  readonly location: string
  /** Files last written longer ago are removed. Longer than any signed URL lives. */
  readonly olderThanMs: number
  readonly now: number
  readonly signal?: AbortSignal | undefined
}

/** Removes rewritten files that have aged; a query that still wants one writes it again. Gives how many it removed. */
export async function cleanStaging(
  store: WritableStore,
  { location, olderThanMs, now, signal }: CleanOptions,
): Promise<number> {
  const folder = `${location.replace(/\/+$/, '')}/`
  let removed = 0
  for await (const { path, lastModified } of store.list(folder, signal ? { signal } : {})) {
    // Only names that we write: whatever else lies there is somebody else's.
    if (!/\/[0-9a-f]{2}\/[0-9a-f]{64}\.(parquet|bin)$/.test(path)) continue
    if (now - lastModified <= olderThanMs) continue
    await store.delete(path, signal)
    removed++
  }
  return removed
}
