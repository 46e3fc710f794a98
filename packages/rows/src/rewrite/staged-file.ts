import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { DataFile, ValueBounds, WritableStore } from '@spillway/core'
import type { DeleteContext } from '../merge-on-read/deleted-positions.js'

export interface Staging {
  readonly store: WritableStore
  /** Folder for rewritten files; nothing else is ever written. */
  readonly location: string
}

/** A file as it lies in staging. */
export interface Staged {
  readonly path: string
  readonly size: number
  /** Epoch milliseconds. */
  readonly modified: number
  readonly rows: number
}

export function stagedPath({ location }: Staging, name: string): string {
  return `${location.replace(/\/+$/, '')}/${name}`
}

/** Puts together a file with `write`, which gives its rows, and stores it, unless another replica was faster. */
export async function stage(
  { store }: Staging,
  path: string,
  context: DeleteContext,
  write: (to: string) => Promise<number>,
): Promise<Staged> {
  const scratch = await context.local.scratch('parquet')
  const rows = await write(scratch)
  const { size } = await stat(scratch)
  await store.put(path, createReadStream(scratch), { ifAbsent: true })
  const meta = await store.head(path)
  return { path, size: meta?.size ?? size, modified: meta?.lastModified ?? 0, rows }
}

/** `file` with the staged bytes in place of its own: without deletes and logs, and without what was said of all its rows. */
export function stagedFile(
  file: DataFile,
  staged: Staged,
  bounds: DataFile['bounds'] = boundsAlone(file),
): DataFile {
  const { delta, firstRowId: _, columnNames: __, ...rest } = file
  return {
    ...rest,
    path: staged.path,
    recordedPath: staged.path,
    fileFormat: 'parquet',
    size: staged.size,
    modificationTime: staged.modified,
    recordCount: staged.rows,
    deletes: [],
    logFiles: [],
    bounds,
    ...(delta && { delta: { partitionValues: delta.partitionValues } }),
  }
}

/** Bounds still hold for fewer rows; counts of nulls do not. */
function boundsAlone(file: DataFile): ReadonlyMap<number, ValueBounds> {
  const bounds = new Map<number, ValueBounds>()
  for (const [id, { lower, upper }] of file.bounds) {
    bounds.set(id, { lower, upper })
  }
  return bounds
}
