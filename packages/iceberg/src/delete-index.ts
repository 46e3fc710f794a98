import { readBytes, readString, type Selection, TableError, type Value } from '@spillway/core'
import { type DeleteDetails, deleteDetails, withoutAuthorityBytes } from './delete-manifest.js'
import { canNamePath } from './delete-path.js'
import type { ManifestFile } from './manifest-list.js'
import type { ManifestView } from './manifest-view.js'
import { summariesAdmit } from './partition-summary.js'

/** A delete manifest, unread. */
export interface DeleteManifestHandle {
  readonly file: ManifestFile
  /** Absent where only the manifest itself says its spec. */
  readonly layout: ManifestView['layout'] | undefined
  load(signal?: AbortSignal): Promise<ManifestView>
}

/** One delete file that applies to a data file. */
export interface AppliedDelete {
  readonly view: ManifestView
  readonly details: DeleteDetails
  readonly row: number
  readonly kind: 'vector' | 'position' | 'equality'
}

/** Delete manifests read at a time. */
const CONCURRENCY = 8
const POSITION = 1
const EQUALITY = 2

/** Which delete files of one snapshot apply to which of its data files (spec, "Scan Planning"). */
export class DeleteIndex {
  readonly #handles: readonly DeleteManifestHandle[]
  readonly #tableLocation: string | undefined
  readonly #opened = new Map<DeleteManifestHandle, OpenedDeletes>()

  constructor(handles: readonly DeleteManifestHandle[], tableLocation: string | undefined) {
    this.#handles = handles
    this.#tableLocation = tableLocation
  }

  /** False when no delete manifest is as new as the oldest file of a data manifest. */
  canTouch(manifest: ManifestFile): boolean {
    return this.#handles.some(({ file }) => file.sequenceNumber >= manifest.minSequenceNumber)
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
    const opened: OpenedDeletes[] = []
    for (let from = 0; from < touching.length; from += CONCURRENCY) {
      const some = touching.slice(from, from + CONCURRENCY)
      opened.push(...(await Promise.all(some.map(handle => this.#open(handle, signal)))))
    }
    return Array.from(rows, row => {
      const found = opened.flatMap(deletes => deletes.matching(view, row))
      return settle(found, view.manifest.recordedPath(row))
    })
  }

  /** Callers who come while a manifest is being loaded share that load in the cache, not here: each may give up. */
  async #open(handle: DeleteManifestHandle, signal?: AbortSignal): Promise<OpenedDeletes> {
    const known = this.#opened.get(handle)
    if (known !== undefined) return known
    const view = await handle.load(signal)
    const details = await deleteDetails(view.manifest, signal)
    const opened = this.#opened.get(handle) ?? new OpenedDeletes(view, details, this.#tableLocation)
    this.#opened.set(handle, opened)
    return opened
  }
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

/** A vector replaces position deletes; two vectors for one file are an error. */
function settle(found: readonly AppliedDelete[], path: string): readonly AppliedDelete[] {
  const vectors = found.filter(({ kind }) => kind === 'vector')
  if (vectors.length === 0) return found
  if (vectors.length > 1) {
    throw new TableError('TABLE_CORRUPT', `${vectors.length} deletion vectors apply to ${path}`, {
      context: { path },
    })
  }
  return found.filter(({ kind }) => kind !== 'position')
}

/** The delete files of one manifest, by what they are scoped to. */
class OpenedDeletes {
  readonly #view: ManifestView
  readonly #details: DeleteDetails
  readonly #tableLocation: string | undefined
  /** Delete files without a target, by partition. */
  readonly #byPartition = new Map<string, number[]>()
  /** Equality deletes of an unpartitioned spec. */
  readonly #global: number[] = []
  readonly #tupleKeys: readonly string[]

  constructor(view: ManifestView, details: DeleteDetails, tableLocation: string | undefined) {
    this.#view = view
    this.#details = details
    this.#tableLocation = tableLocation
    this.#tupleKeys = view.tupleKeys()
    const { content, tuple } = view.manifest.columns
    for (let row = 0; row < view.length; row++) {
      if (content[row] === 0) throw this.#corrupt('a data file in a delete manifest')
      const equality = content[row] === EQUALITY
      if (equality && (details.equalityIds.get(row) ?? []).length === 0) {
        throw this.#corrupt('an equality delete file without equality_ids')
      }
      if (equality && !view.layout.isPartitioned) this.#global.push(row)
      else if (equality || !this.#isTargeted(row)) this.#file(this.#tupleKeys[tuple[row]!]!, row)
    }
  }

  #file(key: string, row: number): void {
    const rows = this.#byPartition.get(key)
    if (rows === undefined) this.#byPartition.set(key, [row])
    else rows.push(row)
  }

  #isTargeted(row: number): boolean {
    const { offsets } = this.#details.target
    const targeted = offsets[row + 1]! > offsets[row]!
    if (!targeted && this.#isVector(row))
      throw this.#corrupt('a deletion vector without its data file')
    return targeted
  }

  #isVector(row: number): boolean {
    const { content, format, formats } = this.#view.manifest.columns
    return content[row] === POSITION && formats[format[row]!] === 'puffin'
  }

  matching(view: ManifestView, row: number): AppliedDelete[] {
    const { sequenceNumber, tuple, path } = view.manifest.columns
    const sequence = sequenceNumber[row]!
    const sameSpec = view.layout.spec.id === this.#view.layout.spec.id
    const key = sameSpec ? view.tupleKeys()[tuple[row]!]! : undefined
    const found: AppliedDelete[] = []
    for (const one of this.#global) this.#addEquality(found, one, sequence)
    if (key === undefined) return found
    for (const one of this.#details.byTarget.rowsOf(withoutAuthorityBytes(readBytes(path, row)))) {
      if (this.#tupleKeys[this.#view.manifest.columns.tuple[one]!] === key) {
        this.#addPosition(found, one, sequence)
      }
    }
    const recorded = view.manifest.recordedPath(row)
    for (const one of this.#byPartition.get(key) ?? []) {
      if (this.#view.manifest.columns.content[one] === EQUALITY) {
        this.#addEquality(found, one, sequence)
      } else if (this.#mayName(one, recorded)) this.#addPosition(found, one, sequence)
    }
    return found
  }

  /** Strictly newer: an equality delete does not touch rows of its own commit. */
  #addEquality(found: AppliedDelete[], row: number, dataSequence: number): void {
    if (dataSequence < this.#view.manifest.columns.sequenceNumber[row]!) {
      found.push(this.#applied(row, 'equality'))
    }
  }

  #addPosition(found: AppliedDelete[], row: number, dataSequence: number): void {
    if (dataSequence <= this.#view.manifest.columns.sequenceNumber[row]!) {
      found.push(this.#applied(row, this.#isVector(row) ? 'vector' : 'position'))
    }
  }

  #applied(row: number, kind: AppliedDelete['kind']): AppliedDelete {
    return { view: this.#view, details: this.#details, row, kind }
  }

  #mayName(row: number, path: string): boolean {
    const { pathLower, pathUpper } = this.#details
    const bounds = { lower: readString(pathLower, row), upper: readString(pathUpper, row) }
    return canNamePath(bounds, path, this.#tableLocation)
  }

  #corrupt(what: string): TableError {
    const { readPath } = this.#view.manifest
    return new TableError('TABLE_CORRUPT', `expected delete files, found ${what} (${readPath})`, {
      context: { path: readPath },
    })
  }
}
