import {
  type ChangeSet,
  inSlices,
  mapConcurrently,
  type Selection,
  Slices,
  type Steps,
  selectAll,
  sorted,
  type TablePart,
  throwIfCancelled,
} from '@spillway/core'
import { type DeleteIndex, mayDeleteFrom } from '../deletes/delete-index.js'
import type { AppliedDelete } from '../deletes/opened-deletes.js'
import type { ManifestFile } from '../manifest/manifest-list.js'
import type { ManifestHandle, ManifestRows, SnapshotFiles } from '../snapshot/snapshot-files.js'
import { type ClaimedRow, PathClaims } from './path-claims.js'

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
  told: SnapshotFiles | undefined,
  now: SnapshotFiles,
  options: DiffOptions = {},
): Promise<readonly FileChange[]> {
  const before = told && partOf(told, options)
  const after = partOf(now, options)
  if (before === undefined) return everything(after, options)
  const { signal } = options
  const old = await loadAll(unshared(before, after), signal)
  const fresh = await loadAll(unshared(after, before), signal)
  const moves = new Map<string, Kept<number[]>>()
  const changes: FileChange[] = []
  const slices = new Slices()
  const claims = await inSlices(PathClaims.inSteps(old.map(({ batch }) => batch)), slices)
  for (const [i, manifest] of fresh.entries()) {
    const keep = ({ manifest: from, row }: ClaimedRow, freshRow: number) => {
      const known = moves.get(`${from} ${i}`)
      const kept = known ?? { old: old[from]!, fresh: manifest, oldRows: [], freshRows: [] }
      if (known === undefined) moves.set(`${from} ${i}`, kept)
      kept.oldRows.push(row)
      kept.freshRows.push(freshRow)
    }
    const added = await inSlices(unknownRows(claims, manifest, keep), slices)
    await addChanges(changes, 'add', { ...options, manifest, rows: added, slices })
  }
  for (const [i, manifest] of old.entries()) {
    const rows = await inSlices(claims.unclaimed(i), slices)
    await addChanges(changes, 'remove', { ...options, manifest, rows, slices })
  }
  const deletes = changedDeletes(before, after)
  if (deletes.length === 0) return changes
  const pair = { ...options, before, after }
  for await (const kept of keptFiles(pair, deletes, moves.values())) {
    for (const change of await changedDeletesOf(kept, pair)) changes.push(change)
  }
  return changes
}

/** Without the manifests that can hold no file of the part: what is wrong with them is nobody's to know. */
function partOf(files: SnapshotFiles, { part }: DiffOptions): SnapshotFiles {
  if (part === undefined) return files
  const rows = part.mayHold(files.summaries, selectAll(files.handles.length))
  return { ...files, handles: Array.from(rows, row => files.handles[row]!) }
}

/** The changes of a table's first snapshot. */
async function everything(
  { handles }: SnapshotFiles,
  options: DiffOptions,
): Promise<readonly FileChange[]> {
  const changes: FileChange[] = []
  const slices = new Slices()
  for (const manifest of await loadAll(handles, options.signal)) {
    await addChanges(changes, 'add', { ...options, manifest, rows: manifest.live, slices })
  }
  return changes
}

export interface DiffOptions {
  /** The files that are asked about; of all others nothing but their partitions is looked at. */
  readonly part?: TablePart | undefined
  readonly signal?: AbortSignal | undefined
}

interface SnapshotPair extends DiffOptions {
  readonly before: SnapshotFiles
  readonly after: SnapshotFiles
}

/** Files that both snapshots have, as aligned rows of a manifest of each. */
interface Kept<Rows extends Selection | number[] = Selection | number[]> {
  readonly old: ManifestRows
  readonly fresh: ManifestRows
  readonly oldRows: Rows
  readonly freshRows: Rows
}

/** Looks at a row in a step: part of a millisecond. */
const ROWS_IN_A_STEP = 1024

/** Rows whose files were in no manifest of before; of the others `keep` is told where. */
function* unknownRows(
  claims: PathClaims,
  { batch, live }: ManifestRows,
  keep: (from: ClaimedRow, row: number) => void,
): Steps<Selection> {
  const unknown = new Uint32Array(live.length)
  let count = 0
  for (const [i, row] of live.entries()) {
    const from = claims.claim(batch, row)
    if (from === undefined) unknown[count++] = row
    else keep(from, row)
    if (i % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
  }
  return unknown.subarray(0, count)
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
    yield { old, fresh, oldRows: old.live, freshRows: fresh.live }
  }
}

async function changedDeletesOf(
  { old, fresh, oldRows, freshRows }: Kept,
  { before, after, ...options }: SnapshotPair,
): Promise<readonly FileChange[]> {
  const { signal } = options
  const slices = new Slices()
  const removed: number[] = []
  const added: number[] = []
  for (let from = 0; from < freshRows.length; from += FILES_AT_A_TIME) {
    const some = {
      old,
      fresh,
      oldRows: oldRows.slice(from, from + FILES_AT_A_TIME),
      freshRows: freshRows.slice(from, from + FILES_AT_A_TIME),
    }
    const rows = grantedOf(some, options)
    const were = await deletesOf(before.deletes, old, { rows: rows.oldRows, signal })
    const are = await deletesOf(after.deletes, fresh, { rows: rows.freshRows, signal })
    for (const [i, row] of rows.freshRows.entries()) {
      const oldRow = rows.oldRows[i]!
      if (await inSlices(isSame(were.get(oldRow)!, are.get(row)!), slices)) continue
      removed.push(oldRow)
      added.push(row)
    }
  }
  const changes: FileChange[] = []
  for (const [action, manifest, rows] of [
    ['remove', old, removed],
    ['add', fresh, added],
  ] as const) {
    const inOrder = Uint32Array.from(
      await inSlices(
        sorted(rows, (a, b) => a - b),
        slices,
      ),
    )
    await addChanges(changes, action, { ...options, manifest, rows: inOrder, slices })
  }
  return changes
}

/** `kept`, of a few rows, without the files that are granted neither as they were nor as they are. */
function grantedOf(kept: Kept, { part }: DiffOptions): Kept {
  if (part === undefined) return kept
  const { old, fresh, oldRows, freshRows } = kept
  const were = old.partitions(Uint32Array.from(oldRows))
  const are = fresh.partitions(Uint32Array.from(freshRows))
  const isKept = were.map((partition, i) => part.holds(partition) || part.holds(are[i]!))
  const keptOf = (rows: Selection | number[]) => Array.from(rows).filter((_, i) => isKept[i])
  return { old, fresh, oldRows: keptOf(oldRows), freshRows: keptOf(freshRows) }
}

/** Deletes of a few rows of a manifest, by row. */
async function deletesOf(
  index: DeleteIndex,
  manifest: ManifestRows,
  options: { readonly rows: Selection | number[]; readonly signal: AbortSignal | undefined },
): Promise<ReadonlyMap<number, readonly AppliedDelete[]>> {
  const rows = Uint32Array.from(options.rows).sort()
  const lists = await index.applied(manifest.batch, rows, options.signal)
  return new Map(lists.map((list, i) => [rows[i]!, list]))
}

function* isSame(
  before: readonly AppliedDelete[],
  after: readonly AppliedDelete[],
): Steps<boolean> {
  if (before.length !== after.length) return false
  const names = new Set<string>()
  for (const [i, each] of before.entries()) {
    names.add(nameOf(each))
    if (i % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
  }
  for (const [i, each] of after.entries()) {
    if (!names.has(nameOf(each))) return false
    if (i % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
  }
  return true
}

/** What identifies a delete file or vector, whichever manifest lists it. */
function nameOf({ view, details, row }: AppliedDelete): string {
  return `${view.manifest.recordedPath(row)}@${details.contentOffset[row]}`
}

function loadAll(
  handles: readonly ManifestHandle[],
  signal: AbortSignal | undefined,
): Promise<readonly ManifestRows[]> {
  return mapConcurrently(handles, CONCURRENCY, handle => handle.load(signal))
}

interface ChangedRows extends DiffOptions {
  readonly manifest: ManifestRows
  readonly rows: Selection
  readonly slices: Slices
}

/** One by one: a call with as many arguments as a manifest has files would overflow the stack. */
async function addChanges(
  to: FileChange[],
  action: 'add' | 'remove',
  { manifest, rows, slices, part, signal }: ChangedRows,
): Promise<void> {
  for (let from = 0; from < rows.length; from += FILES_AT_A_TIME) {
    throwIfCancelled(signal)
    const asked = rows.subarray(from, from + FILES_AT_A_TIME)
    const partitions = part && manifest.partitions(asked)
    const granted = partitions ? asked.filter((_, i) => part.holds(partitions[i]!)) : asked
    const some = await manifest.files(granted, signal)
    for (const file of some) to.push({ action, file })
    if (slices.isOverNow) await slices.pause()
  }
}
