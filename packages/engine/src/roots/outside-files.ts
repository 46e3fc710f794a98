import {
  type DataFile,
  type FileBatch,
  folderOf,
  inSlices,
  type LiveFiles,
  outsideRefusal,
  refuseClimbing,
  type Selection,
  Slices,
  type Snapshot,
  type Steps,
  storedBitmap,
  type TableRoots,
  tableRoots,
  throwIfCancelled,
} from '@spillway/core'
import { checkVector } from '@spillway/encoding'
import type { PlannedFiles, ScanPlan } from '@spillway/planner'
import { unprovenRows } from './path-kernels.js'

const FILES_AT_ONCE = 1024

/** What was found of the batches of one owner, as long as both are kept. */
type ByBatch<Found> = WeakMap<FileBatch, Map<string, Found>>

/** Rows of a batch that were looked at, and those of them that lie outside or have something that does. */
interface Checked {
  readonly rows: Uint8Array
  readonly outside: Set<number>
}

/** Which files of a batch lie outside a table's roots: found out once a batch, not once a query. */
export class OutsideFinder {
  readonly #unproven: ByBatch<Promise<ReadonlySet<number>>> = new WeakMap()
  readonly #checked = new WeakMap<object, ByBatch<Checked>>()

  /** Rows of the plan that lie outside by themselves, or by their deletes or logs. */
  async find({ files, selection }: PlannedFiles, options: OutsideOptions): Promise<Selection> {
    const { snapshot, roots } = options
    const { batch } = files
    const unproven = await this.#unprovenOf(batch, roots)
    if (unproven.size === 0 && files.deletedCounts === undefined) return NONE
    // Vectors of a log are part of the batch; other deletes are the snapshot's.
    const owner = snapshot.deletes === 'delta-vectors' ? this : snapshot
    const batches = this.#checked.get(owner) ?? new WeakMap()
    this.#checked.set(owner, batches)
    const checked = remembered(batches, batch, roots.key, () => ({
      rows: new Uint8Array(batch.length),
      outside: new Set<number>(),
    }))
    const fresh = selection.filter(row => checked.rows[row] === 0)
    if (fresh.length > 0) await checkRows(files, fresh, { ...options, unproven, checked })
    const { outside } = checked
    return outside.size === 0 ? NONE : selection.filter(row => outside.has(row))
  }

  /** Whoever comes while a batch is looked through waits for the same. */
  #unprovenOf(batch: FileBatch, roots: TableRoots): Promise<ReadonlySet<number>> {
    const find = async () => new Set(await unprovenRows(batch, roots))
    const found = remembered(this.#unproven, batch, roots.key, find)
    // An error is not kept: the next to come has it from a look of its own.
    found.catch(() => this.#unproven.get(batch)?.delete(roots.key))
    return found
  }
}

interface CheckOptions extends OutsideOptions {
  readonly unproven: ReadonlySet<number>
  readonly checked: Checked
}

/** Only rows whose paths prove nothing, and those with deletes or logs, are looked at in full. */
async function checkRows(
  files: LiveFiles,
  rows: Selection,
  { unproven, checked, roots, signal }: CheckOptions,
): Promise<void> {
  const counts = await files.deletedCounts?.(rows, signal)
  const touched = rows.filter(
    (row, index) => unproven.has(row) || (counts !== undefined && counts[index] !== 0),
  )
  const slices = new Slices()
  for (let start = 0; start < touched.length; start += FILES_AT_ONCE) {
    throwIfCancelled(signal)
    const some = touched.subarray(start, start + FILES_AT_ONCE)
    for (const [i, file] of (await files.files(some, signal)).entries()) {
      if (pathsOf(file).some(path => roots.rootOf(path) === undefined))
        checked.outside.add(some[i]!)
      if (hasInlineVectors(file)) await inSlices(checkInlineVectors(file), slices)
    }
  }
  for (const row of rows) checked.rows[row] = 1
}

const NONE: Selection = new Uint32Array(0)

function remembered<Found>(
  batches: ByBatch<Found>,
  batch: FileBatch,
  key: string,
  find: () => Found,
): Found {
  const byRoots = batches.get(batch) ?? new Map<string, Found>()
  batches.set(batch, byRoots)
  const known = byRoots.get(key) ?? find()
  byRoots.set(key, known)
  return known
}

/** What is read or sent beside the file itself. */
function besides({ deletes, logFiles }: DataFile): readonly string[] {
  return [
    ...deletes.flatMap(each => {
      if (each.kind !== 'deletion-vector') return [each.path]
      const stored = storedBitmap(each)
      return stored === undefined ? [] : [stored.path]
    }),
    ...logFiles.map(({ path }) => path),
  ]
}

/** True where vectors of the file stand in the table's metadata itself. */
export function hasInlineVectors({ deletes }: DataFile): boolean {
  return deletes.some(each => each.kind === 'deletion-vector' && each.inlineBytes !== undefined)
}

/** Refuses a text that is no vector of the file, before the first byte of an answer: its recipients apply it unseen. */
export function* checkInlineVectors(file: DataFile): Steps<void> {
  for (const each of file.deletes) {
    if (each.kind !== 'deletion-vector' || each.inlineBytes === undefined) continue
    yield* checkVector(each.bitmap as Uint8Array, each, file)
    yield
  }
}

/** Every path that a file of a table brings with it. */
function pathsOf(file: DataFile): readonly string[] {
  return [file.path, ...besides(file)]
}

/** The plan to its end, or a refusal where any of its files lies outside its table. */
export async function filesInside(
  plan: ScanPlan,
  options: { readonly outside: OutsideFinder; readonly signal?: AbortSignal | undefined },
): Promise<readonly PlannedFiles[]> {
  const { outside, signal } = options
  const { snapshot } = plan
  const roots = tableRoots(snapshot.source, { folder: snapshot.folder })
  const found = new OutsideFiles(roots)
  const kept: PlannedFiles[] = []
  for await (const planned of plan) {
    throwIfCancelled(signal)
    const rows = await outside.find(planned, { snapshot, roots, signal })
    await found.addRows(planned.files, rows, options)
    kept.push(planned)
  }
  found.refuse()
  return kept
}

export interface OutsideOptions {
  readonly snapshot: Snapshot
  readonly roots: TableRoots
  readonly signal?: AbortSignal | undefined
}

/** Gathers what lies outside over a whole plan, to refuse it at once and completely. */
export class OutsideFiles {
  readonly #roots: TableRoots
  readonly #folders = new Set<string>()
  #files = 0
  #first: string | undefined

  constructor(roots: TableRoots) {
    this.#roots = roots
  }

  async addRows(
    files: LiveFiles,
    rows: Selection,
    { signal }: Pick<OutsideOptions, 'signal'> = {},
  ): Promise<void> {
    for (let start = 0; start < rows.length; start += FILES_AT_ONCE) {
      this.add(await files.files(rows.subarray(start, start + FILES_AT_ONCE), signal))
    }
  }

  add(files: readonly DataFile[]): void {
    for (const file of files) {
      const outside = pathsOf(file).filter(path => this.#roots.rootOf(path) === undefined)
      if (outside.length === 0) continue
      this.#files++
      this.#first ??= outside[0]
      for (const path of outside) {
        refuseClimbing(path)
        this.#folders.add(folderOf(path))
      }
    }
  }

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  refuse(): void {
    if (this.#first === undefined) return
    throw outsideRefusal(this.#roots.source, {
      files: this.#files,
      first: this.#first,
      folders: this.#folders,
    })
  }
}
