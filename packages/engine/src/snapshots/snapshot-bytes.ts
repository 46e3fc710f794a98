import type { Snapshot } from '@spillway/core'

const BYTES_PER_FILE = 140
const BYTES_PER_SNAPSHOT = 64 * 1024

/** What a snapshot may keep alive by itself, its batches included: measured at 140 bytes a file. */
export function estimateBytes(snapshot: Snapshot): number {
  let files = snapshot.totals?.files
  if (files === undefined) {
    files = 0
    for (const handle of snapshot.files.handles) files += handle.fileCount ?? 0
  }
  return BYTES_PER_SNAPSHOT + files * BYTES_PER_FILE
}
