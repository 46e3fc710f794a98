import {
  type FieldPath,
  inSlices,
  mapConcurrently,
  type Selection,
  type Steps,
  TableError,
  type TablePart,
  type Value,
} from '@spillway/core'
import type { ManifestFile } from '../manifest/manifest-list.js'
import type { ManifestView } from '../manifest/manifest-view.js'
import { rangesAdmit, summaryRanges } from '../partition/partition-summary.js'
import { type DeleteDetails, deleteDetails } from './delete-manifest.js'
import type { EqualityTrim } from './equality-trim.js'
import type { HeldParts } from './held-parts.js'
import { type AppliedDelete, OpenedDeletes, type OpenedOptions } from './opened-deletes.js'

/** A delete manifest, unread. */
export interface DeleteManifestHandle {
  readonly file: ManifestFile
  /** Absent where only the manifest itself says its spec. */
  readonly layout: ManifestView['layout'] | undefined
  load(signal?: AbortSignal): Promise<ManifestView>
}

export interface DeleteIndexOptions extends OpenedOptions {
  /** Every column that the table ever had outside lists and maps, by id: what equality deletes compare. */
  readonly leaves: ReadonlyMap<number, FieldPath>
  readonly parts: HeldParts
}

/** Delete manifests read at a time. */
const CONCURRENCY = 8

/** Looks at a row or a partition in a step: about a millisecond. */
const ROWS_IN_A_STEP = 4096
/** Data files in a step, whose deletes are looked for in several manifests. */
const FEW_ROWS = 64

/** Which delete files of one snapshot apply to which of its data files (spec, "Scan Planning"). */
export class DeleteIndex {
  readonly #handles: readonly DeleteManifestHandle[]
  readonly #options: DeleteIndexOptions
  /** What the summaries of each say, where they say something. */
  readonly #ranges = new Map<DeleteManifestHandle, NonNullable<ReturnType<typeof summaryRanges>>>()
  readonly #opened = new Map<DeleteManifestHandle, Promise<OpenedDeletes>>()

  constructor(handles: readonly DeleteManifestHandle[], options: DeleteIndexOptions) {
    this.#handles = handles
    this.#options = options
  }

  /** False when no delete manifest is as new as the oldest file of a data manifest. */
  canTouch(manifest: ManifestFile): boolean {
    return this.#handles.some(({ file }) => mayDeleteFrom(file, manifest))
  }

  /** The deletes of each of `rows`. Opens only manifests that can hold one of them. */
  async applied(
    view: ManifestView,
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<readonly (readonly AppliedDelete[])[]> {
    if (rows.length === 0) return []
    const touching = await inSlices(this.#touching(view, rows))
    const opened = await mapConcurrently(touching, CONCURRENCY, handle =>
      this.#open(handle, signal),
    )
    if (opened.some(deletes => deletes.isOfSpec(view))) await view.makeTupleKeys()
    const { leaves } = this.#options
    const trims = await Promise.all(
      opened.map(deletes => deletes.trim(view, { rows, leaves, signal })),
    )
    const pairs = opened.map((deletes, i) => ({ deletes, trim: trims[i] }))
    const unknown = new Set<string>()
    let lists = await inSlices(listsOf(pairs, { view, rows, unknown }))
    if (unknown.size > 0) {
      await this.#options.names.learn(unknown, signal)
      lists = await inSlices(listsOf(pairs, { view, rows, unknown }))
    }
    return inSlices(settled(lists, row => view.manifest.recordedPath(rows[row]!)))
  }

  /** Delete manifests that can hold a delete of one of `rows`. */
  *#touching(view: ManifestView, rows: Selection): Steps<readonly DeleteManifestHandle[]> {
    const asked = yield* askedFor(view, rows)
    const touching: DeleteManifestHandle[] = []
    for (const handle of this.#handles) {
      if (yield* this.#mayHold(handle, asked)) touching.push(handle)
      yield
    }
    return touching
  }

  *#mayHold(handle: DeleteManifestHandle, asked: Asked): Steps<boolean> {
    const { file, layout } = handle
    if (file.sequenceNumber < asked.oldest) return false
    if (layout === undefined) return true
    // Equality deletes of an unpartitioned spec apply to every partition of every spec.
    if (layout.spec.id !== asked.specId) return !layout.isPartitioned
    if (!layout.isPartitioned) return true
    const ranges = this.#ranges.get(handle) ?? summaryRanges(file.partitions, layout.types)
    if (ranges === undefined) return true
    this.#ranges.set(handle, ranges)
    for (const [i, tuple] of asked.tuples.entries()) {
      if (rangesAdmit(ranges, tuple)) return true
      if (i % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
    }
    return false
  }

  /**
   * True where a delete file of the manifests `rows`, in the order of the index, lies in a partition of `part`, or in none:
   * it may apply to any then.
   */
  async someIn(part: TablePart, rows: Selection, signal?: AbortSignal): Promise<boolean> {
    for (let at = 0; at < rows.length; at += CONCURRENCY) {
      const some = Array.from(rows.subarray(at, at + CONCURRENCY), row => this.#handles[row]!)
      const found = await mapConcurrently(some, CONCURRENCY, async handle => {
        const view = await handle.load(signal)
        await view.makePartitions()
        return this.#options.parts.holds(part, view)
      })
      if (found.includes(true)) return true
    }
    return false
  }

  /** What every delete file says, whatever it applies to. */
  async details(signal?: AbortSignal): Promise<readonly DeleteDetails[]> {
    const all: DeleteDetails[] = []
    for (const handle of this.#handles) {
      all.push(await deleteDetails((await handle.load(signal)).manifest, signal))
    }
    return all
  }

  /** Callers who come while a manifest is being loaded share that load in the cache, not here: each may give up. */
  async #open(handle: DeleteManifestHandle, signal?: AbortSignal): Promise<OpenedDeletes> {
    const known = this.#opened.get(handle)
    if (known !== undefined) return known
    const view = await handle.load(signal)
    const details = await deleteDetails(view.manifest, signal)
    return this.#opened.get(handle) ?? this.#opening(handle, { view, details })
  }

  /** What has been read is opened once, for all who wait: nobody's signal ends it. One that fails is opened again. */
  #opening(
    handle: DeleteManifestHandle,
    read: { readonly view: ManifestView; readonly details: DeleteDetails },
  ): Promise<OpenedDeletes> {
    const opening = OpenedDeletes.open(read.view, read.details, this.#options)
    this.#opened.set(handle, opening)
    opening.catch(() => this.#opened.delete(handle))
    return opening
  }
}

/** False where every delete file of `deletes` is older than every data file of `data`. */
export function mayDeleteFrom(deletes: ManifestFile, data: ManifestFile): boolean {
  return deletes.sequenceNumber >= data.minSequenceNumber
}

interface Asked {
  readonly specId: number
  readonly oldest: number
  readonly tuples: readonly (readonly (Value | null)[])[]
}

function* askedFor(view: ManifestView, rows: Selection): Steps<Asked> {
  const { sequenceNumber, tuple } = view.manifest.columns
  let oldest = Number.POSITIVE_INFINITY
  const codes = new Set<number>()
  const tuples: (readonly (Value | null)[])[] = []
  for (const [i, row] of rows.entries()) {
    oldest = Math.min(oldest, sequenceNumber[row]!)
    const code = tuple[row]!
    if (!codes.has(code)) tuples.push(view.tuples()[code]!)
    codes.add(code)
    if (i % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
  }
  return { specId: view.layout.spec.id, oldest, tuples }
}

interface Pair {
  readonly deletes: OpenedDeletes
  readonly trim: EqualityTrim | undefined
}

interface AskedRows {
  readonly view: ManifestView
  readonly rows: Selection
  readonly unknown: Set<string>
}

/** Of each row, what each delete manifest says of it, where that is anything. */
function* listsOf(
  pairs: readonly Pair[],
  { view, rows, unknown }: AskedRows,
): Steps<readonly (readonly (readonly AppliedDelete[])[])[]> {
  const lists: (readonly AppliedDelete[])[][] = []
  for (const row of rows) {
    const found: (readonly AppliedDelete[])[] = []
    for (const { deletes, trim } of pairs) {
      const all = yield* deletes.matching(view, row, unknown)
      const list = trim === undefined ? all : yield* trimmed(all, trim, row)
      if (list.length > 0) found.push(list)
    }
    lists.push(found)
    if (lists.length % FEW_ROWS === 0) yield
  }
  return lists
}

/** The deletes of `list` that `trim` does not rule out; `list` itself where it rules out none, since lists are shared. */
function* trimmed(
  list: readonly AppliedDelete[],
  trim: EqualityTrim,
  dataRow: number,
): Steps<readonly AppliedDelete[]> {
  const kept: AppliedDelete[] = []
  for (const [i, one] of list.entries()) {
    if (one.kind !== 'equality' || trim.mayDelete(one.row, dataRow)) kept.push(one)
    if (i % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
  }
  return kept.length === list.length ? list : kept
}

function* settled(
  lists: readonly (readonly (readonly AppliedDelete[])[])[],
  pathOf: (index: number) => string,
): Steps<readonly (readonly AppliedDelete[])[]> {
  const all: (readonly AppliedDelete[])[] = []
  for (const found of lists) {
    // One list as it is: files of one partition mostly share it, and so do its users.
    const list = found.length === 1 ? found[0]! : found.flat()
    all.push(settle(list, () => pathOf(all.length)))
    if (all.length % FEW_ROWS === 0) yield
  }
  return all
}

/** A vector replaces position deletes; two vectors for one file are an error. */
function settle(found: readonly AppliedDelete[], pathOf: () => string): readonly AppliedDelete[] {
  const vectors = found.filter(({ kind }) => kind === 'vector')
  if (vectors.length === 0) return found
  if (vectors.length > 1) {
    const path = pathOf()
    throw new TableError('TABLE_CORRUPT', `${vectors.length} deletion vectors apply to ${path}`, {
      context: { path },
    })
  }
  return found.filter(({ kind }) => kind !== 'position')
}
