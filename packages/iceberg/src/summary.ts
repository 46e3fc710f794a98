import { type Snapshot, TableError } from '@spillway/core'
import type { ManifestFile } from './manifest-list.js'
import type { IcebergSnapshot } from './metadata.js'

/**
 * Live files and bytes where the snapshot's summary states them and its manifest list agrees. Stated bytes include
 * delete files, so a table that has any states nothing usable.
 */
export function statedTotals(
  snapshot: IcebergSnapshot,
  manifests: readonly ManifestFile[],
): Snapshot['totals'] | undefined {
  const files = stated(snapshot, 'total-data-files')
  const bytes = stated(snapshot, 'total-files-size')
  const deletes = stated(snapshot, 'total-delete-files')
  if (files === undefined || bytes === undefined || deletes !== 0) return undefined
  return listedFiles(manifests) === files ? { files, bytes } : undefined
}

/** A manifest list cut after its header looks like an empty one; the summary tells a table that lost its files. */
export function checkComplete(
  snapshot: IcebergSnapshot,
  manifests: readonly ManifestFile[],
  path: string,
): void {
  const files = stated(snapshot, 'total-data-files')
  const listed = listedFiles(manifests)
  if (files === undefined || listed === undefined || listed >= files) return
  throw new TableError(
    'TABLE_CORRUPT',
    `expected ${files} data files in snapshot ${snapshot.id}, found ${listed} in its manifest list`,
    { context: { path, snapshotId: snapshot.id } },
  )
}

function stated({ summary }: IcebergSnapshot, key: string): number | undefined {
  const text = summary.get(key)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function listedFiles(manifests: readonly ManifestFile[]): number | undefined {
  let files = 0
  for (const { content, addedFiles, existingFiles } of manifests) {
    if (content !== 'data') continue
    if (addedFiles === undefined || existingFiles === undefined) return undefined
    files += addedFiles + existingFiles
  }
  return files
}
