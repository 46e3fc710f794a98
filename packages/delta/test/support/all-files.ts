import type { DataFile, Snapshot } from '@spillway/core'

/** Every live file of a snapshot, in full. */
export async function allFiles(snapshot: Snapshot): Promise<DataFile[]> {
  const files: DataFile[] = []
  for (const handle of snapshot.files.handles) {
    const loaded = await handle.load()
    files.push(...(await loaded.files(loaded.live)))
  }
  return files
}

/** Live rows where record counts prove them; undefined where one is unknown. */
export async function liveRecords(snapshot: Snapshot): Promise<number | undefined> {
  let records = 0
  for (const handle of snapshot.files.handles) {
    const { batch, live, deletedCounts } = await handle.load()
    const deleted = await deletedCounts?.(live)
    live.forEach((row, i) => {
      records += batch.stats.recordCount[row]! - (deleted?.[i] ?? 0)
    })
  }
  return Number.isNaN(records) ? undefined : records
}
