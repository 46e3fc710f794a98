import {
  type ChangeSet,
  type DataFile,
  mapConcurrently,
  type Selection,
  throwIfCancelled,
} from '@spillway/core'
import { type DeleteIndex, mayDeleteFrom } from './delete-index.js'
import type { ManifestFile } from './manifest-list.js'
import type { AppliedDelete } from './opened-deletes.js'
import { PathClaims } from './path-claims.js'
import type { ManifestHandle, ManifestRows, SnapshotFiles } from './snapshot-files.js'

export type FileChange = ChangeSet['changes'][number]

/** Manifests read at a time. */
const CONCURRENCY = 8
const FILES_AT_A_TIME = 4096

/**
 * What turns the live rows of one snapshot into those of another, by comparing their file lists and never by what a
 * commit says of itself: files that are gone, files that are new, and files whose deletes are others now, which are
 * removed with the old ones and added with the new. A manifest that both list is read only if its deletes may differ.
 */
export async function changedFiles(
  before: SnapshotFiles | undefined,
  after: SnapshotFiles,
  signal?: AbortSignal,
): Promise<readonly FileChange[]> {
  if (before === undefined) return everything(after, signal)
  const old = await loadAll(unshared(before, after), signal)
  const fresh = await loadAll(unshared(after, before), signal)
  const claims = new PathClaims(old.map(({ batch }) => batch))
  const moves = new Map<string, Kept>()
  const changes: FileChange[] = []
  for (const manifest of fresh) {
    const added = manifest.live.filter(row => {
      const from = claims.claim(manifest.batch, row)
      if (from === undefined) return true
      keep(moves, { old: old[from.manifest]!, oldRow: from.row, fresh: manifest, freshRow: row })
      return false
    })
    addChanges(changes, 'add', await filesOf(manifest, added, signal))
  }
  for (const [i, manifest] of old.entries()) {
    addChanges(changes, 'remove', await filesOf(manifest, claims.unclaimed(i), signal))
  }
  const deletes = changedDeletes(before, after)
  if (deletes.length === 0) return changes
  const pair = { before, after, ...(signal && { signal }) }
  for await (const kept of keptFiles(pair, deletes, moves.values())) {
    for (const change of await changedDeletesOf(kept, pair)) changes.push(change)
  }
  return changes
}

/** The changes of a table's first snapshot. */
async function everything(
  { handles }: SnapshotFiles,
  signal: AbortSignal | undefined,
): Promise<readonly FileChange[]> {
  const changes: FileChange[] = []
  for (const manifest of await loadAll(handles, signal)) {
    addChanges(changes, 'add', await filesOf(manifest, manifest.live, signal))
  }
  return changes
}

interface SnapshotPair {
  readonly before: SnapshotFiles
  readonly after: SnapshotFiles
  readonly signal?: AbortSignal
}

/** Files that both snapshots have, as aligned rows of a manifest of each. */
interface Kept {
  readonly old: ManifestRows
  readonly fresh: ManifestRows
  readonly oldRows: number[]
  readonly freshRows: number[]
}

interface Move {
  readonly old: ManifestRows
  readonly oldRow: number
  readonly fresh: ManifestRows
  readonly freshRow: number
}

function keep(moves: Map<string, Kept>, { old, oldRow, fresh, freshRow }: Move): void {
  const key = JSON.stringify([old.manifest.path, fresh.manifest.path])
  const known = moves.get(key) ?? { old, fresh, oldRows: [], freshRows: [] }
  known.oldRows.push(oldRow)
  known.freshRows.push(freshRow)
  moves.set(key, known)
}

/**
 * Manifests of `files` that `others` do not list as often. Manifests never change, so a path is all of one; a list that
 * names one twice has its rows twice.
 */
function unshared(files: SnapshotFiles, others: SnapshotFiles): readonly ManifestHandle[] {
  const shared = byPath(others)
  return files.handles.filter(({ manifest }) => shared.get(manifest.path)?.pop() === undefined)
}

function byPath({ handles }: SnapshotFiles): ReadonlyMap<string, ManifestHandle[]> {
  const found = new Map<string, ManifestHandle[]>()
  for (const handle of handles) {
    const known = found.get(handle.manifest.path)
    if (known === undefined) found.set(handle.manifest.path, [handle])
    else known.push(handle)
  }
  return found
}

/** Delete manifests that only one of two snapshots lists. */
function changedDeletes(before: SnapshotFiles, after: SnapshotFiles): readonly ManifestFile[] {
  const [old, fresh] = [before, after].map(
    files => new Map(files.deleteManifests.map(file => [file.path, file])),
  )
  return [
    ...[...old!.values()].filter(({ path }) => !fresh!.has(path)),
    ...[...fresh!.values()].filter(({ path }) => !old!.has(path)),
  ]
}

/** The files of both snapshots that `deletes` may touch, a pair of manifests at a time. */
async function* keptFiles(
  { before, after, signal }: SnapshotPair,
  deletes: readonly ManifestFile[],
  moves: Iterable<Kept>,
): AsyncGenerator<Kept> {
  const mayChange = (data: ManifestFile) => deletes.some(file => mayDeleteFrom(file, data))
  for (const kept of moves) if (mayChange(kept.fresh.manifest)) yield kept
  const earlier = byPath(before)
  for (const handle of after.handles) {
    const same = earlier.get(handle.manifest.path)?.pop()
    if (same === undefined || !mayChange(handle.manifest)) continue
    const old = await same.load(signal)
    const fresh = await handle.load(signal)
    yield { old, fresh, oldRows: [...old.live], freshRows: [...fresh.live] }
  }
}

async function changedDeletesOf(
  { old, fresh, oldRows, freshRows }: Kept,
  { before, after, signal }: SnapshotPair,
): Promise<readonly FileChange[]> {
  const were = await deletesOf(before.deletes, old, { rows: oldRows, signal })
  const are = await deletesOf(after.deletes, fresh, { rows: freshRows, signal })
  const changed = freshRows.filter((row, i) => !isSame(were.get(oldRows[i]!)!, are.get(row)!))
  if (changed.length === 0) return []
  const from = new Map(freshRows.map((row, i) => [row, oldRows[i]!]))
  const removed = await filesOf(old, ascending(changed.map(row => from.get(row)!)), signal)
  const added = await filesOf(fresh, ascending(changed), signal)
  const changes: FileChange[] = []
  addChanges(changes, 'remove', removed)
  addChanges(changes, 'add', added)
  return changes
}

async function deletesOf(
  index: DeleteIndex,
  manifest: ManifestRows,
  { rows, signal }: { readonly rows: readonly number[]; readonly signal: AbortSignal | undefined },
): Promise<ReadonlyMap<number, readonly AppliedDelete[]>> {
  const sorted = ascending(rows)
  const lists = await index.applied(manifest.batch, sorted, signal)
  return new Map(lists.map((list, i) => [sorted[i]!, list]))
}

function isSame(before: readonly AppliedDelete[], after: readonly AppliedDelete[]): boolean {
  if (before.length !== after.length) return false
  const names = new Set(before.map(nameOf))
  return after.every(each => names.has(nameOf(each)))
}

/** What identifies a delete file or vector, whichever manifest lists it. */
function nameOf({ view, details, row }: AppliedDelete): string {
  return `${view.manifest.recordedPath(row)}@${details.contentOffset[row]}`
}

function ascending(rows: readonly number[]): Selection {
  return Uint32Array.from(rows).sort()
}

function loadAll(
  handles: readonly ManifestHandle[],
  signal: AbortSignal | undefined,
): Promise<readonly ManifestRows[]> {
  return mapConcurrently(handles, CONCURRENCY, handle => handle.load(signal))
}

async function filesOf(
  manifest: ManifestRows,
  rows: Selection,
  signal: AbortSignal | undefined,
): Promise<readonly DataFile[]> {
  const files: DataFile[] = []
  for (let from = 0; from < rows.length; from += FILES_AT_A_TIME) {
    throwIfCancelled(signal)
    const some = await manifest.files(rows.subarray(from, from + FILES_AT_A_TIME), signal)
    for (const file of some) files.push(file)
  }
  return files
}

/** One by one: a call with as many arguments as a manifest has files would overflow the stack. */
function addChanges(to: FileChange[], action: 'add' | 'remove', files: readonly DataFile[]): void {
  for (const file of files) to.push({ action, file })
}
