import { type Snapshot, TableError } from '@spillway/core'
import type { ManifestFile, ManifestList } from '../manifest/manifest-list.js'
import type { IcebergSnapshot } from '../metadata/snapshot-history.js'

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

/**
 * A manifest list that may have been cut, and holds fewer files than the summary says, has lost some. Elsewhere the
 * summary is only what writers have added up, and one of them may have been wrong.
 */
export function checkComplete(
  snapshot: IcebergSnapshot,
  { manifests, mayBeCut }: ManifestList,
  path: string,
): void {
  if (!mayBeCut) return
  const files = stated(snapshot, 'total-data-files')
  const listed = listedFiles(manifests)
  if (files === undefined || listed === undefined || listed >= files) return
  throw new TableError(
    'TABLE_CORRUPT',
    `expected ${files} data files in snapshot ${snapshot.id}, found ${listed} in its manifest list, which may have been cut short`,
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
