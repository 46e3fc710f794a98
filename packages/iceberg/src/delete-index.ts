import {
  type FieldPath,
  mapConcurrently,
  type Selection,
  TableError,
  type Value,
} from '@spillway/core'
import { type DeleteDetails, deleteDetails } from './delete-manifest.js'
import type { EqualityTrim } from './equality-trim.js'
import type { ManifestFile } from './manifest-list.js'
import type { ManifestView } from './manifest-view.js'
import { type AppliedDelete, OpenedDeletes, type OpenedOptions } from './opened-deletes.js'
import { summariesAdmit } from './partition-summary.js'

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
}

/** Delete manifests read at a time. */
const CONCURRENCY = 8

/** Which delete files of one snapshot apply to which of its data files (spec, "Scan Planning"). */
export class DeleteIndex {
  readonly #handles: readonly DeleteManifestHandle[]
  readonly #options: DeleteIndexOptions
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
    const asked = askedFor(view, rows)
    const touching = this.#handles.filter(handle => mayHold(handle, asked))
    const opened = await mapConcurrently(touching, CONCURRENCY, handle =>
      this.#open(handle, signal),
    )
    const { leaves } = this.#options
    const trims = await Promise.all(
      opened.map(deletes => deletes.trim(view, { rows, leaves, signal })),
    )
    const unknown = new Set<string>()
    const listsOf = () =>
      Array.from(rows, row =>
        opened
          .map((deletes, i) => trimmed(deletes.matching(view, row, unknown), trims[i], row))
          .filter(list => list.length > 0),
      )
    let lists = listsOf()
    if (unknown.size > 0) {
      await this.#options.names.learn(unknown, signal)
      lists = listsOf()
    }
    return lists.map((found, i) =>
      // One list as it is: files of one partition mostly share it, and so do its users.
      settle(found.length === 1 ? found[0]! : found.flat(), () =>
        view.manifest.recordedPath(rows[i]!),
      ),
    )
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

function askedFor(view: ManifestView, rows: Selection): Asked {
  const { sequenceNumber, tuple } = view.manifest.columns
  let oldest = Number.POSITIVE_INFINITY
  const codes = new Set<number>()
  for (const row of rows) {
    oldest = Math.min(oldest, sequenceNumber[row]!)
    codes.add(tuple[row]!)
  }
  const tuples = view.tuples()
  return { specId: view.layout.spec.id, oldest, tuples: Array.from(codes, code => tuples[code]!) }
}

function mayHold({ file, layout }: DeleteManifestHandle, asked: Asked): boolean {
  if (file.sequenceNumber < asked.oldest) return false
  if (layout === undefined) return true
  // Equality deletes of an unpartitioned spec apply to every partition of every spec.
  if (layout.spec.id !== asked.specId) return !layout.isPartitioned
  if (!layout.isPartitioned) return true
  return asked.tuples.some(tuple => summariesAdmit(file.partitions, layout.types, tuple))
}

/** The same list where nothing is ruled out: lists are shared. */
function trimmed(
  list: readonly AppliedDelete[],
  trim: EqualityTrim | undefined,
  dataRow: number,
): readonly AppliedDelete[] {
  if (trim === undefined) return list
  const applies = ({ kind, row }: AppliedDelete) =>
    kind !== 'equality' || trim.mayDelete(row, dataRow)
  return list.every(applies) ? list : list.filter(applies)
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
