import { inSlices, readString, Slices, type Steps, TableError } from '@spillway/core'
import type { ManifestView } from '../manifest/manifest-view.js'
import { baseNameBytes } from '../paths/paths.js'
import { type DeleteDetails, holdsBytes } from './delete-manifest.js'
import type { DeleteNames } from './delete-names.js'
import { mayHoldPath } from './delete-path.js'
import { type EqualityTrim, equalityTrim, type TrimOptions } from './equality-trim.js'

/** One delete file that applies to a data file. */
export interface AppliedDelete {
  readonly view: ManifestView
  readonly details: DeleteDetails
  readonly row: number
  readonly kind: 'vector' | 'position' | 'equality'
}

/** Delete files that are looked at at once: about a millisecond. */
const ROWS_IN_A_STEP = 4096

/** Delete files that are looked at in a step for one data file, where each look may decode paths. */
const LOOKS_IN_A_STEP = 1024

const DATA = 0
const POSITION = 1
const EQUALITY = 2

/** Delete files of one partition without a data file of their own. */
interface PartitionDeletes {
  /** Apply to every file of the partition that is old enough. */
  readonly all: number[]
  /** Position deletes of several files whose bounds may rule a path out. */
  readonly bounded: number[]
}

/** What the paths in deletes mean in a snapshot, and which ranges of them can be trusted. */
export interface OpenedOptions {
  readonly names: DeleteNames
  /** Paths below it are spelled one way alone. */
  readonly pathRoot: string | undefined
}

/** The delete files of one manifest, by what they are scoped to (spec, "Scan Planning"). */
export class OpenedDeletes {
  readonly #view: ManifestView
  readonly #details: DeleteDetails
  readonly #options: OpenedOptions
  readonly #byPartition = new Map<string, PartitionDeletes>()
  /** Equality deletes of an unpartitioned spec. */
  readonly #global: number[] = []
  readonly #tupleKeys: readonly string[]
  readonly #applied = new Map<number, AppliedDelete>()
  /** Lists that whole partitions share, by partition and sequence number. */
  readonly #shared = new Map<string | undefined, Map<number, readonly AppliedDelete[]>>()
  #looks = 0

  /** Sorts the delete files of `view` by their scope, in slices. */
  static async open(
    view: ManifestView,
    details: DeleteDetails,
    options: OpenedOptions,
  ): Promise<OpenedDeletes> {
    await view.makeTupleKeys()
    const opened = new OpenedDeletes(view, details, options)
    await inSlices(opened.#files(), new Slices(), next => next())
    return opened
  }

  private constructor(view: ManifestView, details: DeleteDetails, options: OpenedOptions) {
    this.#view = view
    this.#details = details
    this.#options = options
    this.#tupleKeys = view.tupleKeys()
  }

  *#files(): Steps<void> {
    for (let row = 0; row < this.#view.length; row++) {
      this.#file(row)
      if (row % ROWS_IN_A_STEP === ROWS_IN_A_STEP - 1) yield
    }
  }

  #file(row: number): void {
    const { content, tuple } = this.#view.manifest.columns
    const equality = content[row] === EQUALITY
    if (equality && !this.#view.layout.isPartitioned) this.#global.push(row)
    else if (equality || !this.#isTargeted(row)) {
      const { all, bounded } = this.#partition(this.#tupleKeys[tuple[row]!]!)
      if (equality || !this.#isBounded(row) || this.#isVector(row)) all.push(row)
      else bounded.push(row)
    }
  }

  #partition(key: string): PartitionDeletes {
    const known = this.#byPartition.get(key)
    if (known !== undefined) return known
    const fresh: PartitionDeletes = { all: [], bounded: [] }
    this.#byPartition.set(key, fresh)
    return fresh
  }

  #isTargeted(row: number): boolean {
    return holdsBytes(this.#details.target, row)
  }

  #isBounded(row: number): boolean {
    return holdsBytes(this.#details.pathLower, row) && holdsBytes(this.#details.pathUpper, row)
  }

  #isVector(row: number): boolean {
    const { content, format, formats } = this.#view.manifest.columns
    return content[row] === POSITION && formats[format[row]!] === 'puffin'
  }

  /** Whom the equality deletes may touch among the data files of `data`; undefined where there are none. */
  async trim(data: ManifestView, options: TrimOptions): Promise<EqualityTrim | undefined> {
    if (this.#details.equalityIds.size === 0) return undefined
    return equalityTrim({ view: this.#view, details: this.#details }, data, options)
  }

  /** True where deletes of single partitions may touch files of `view`: its keys are asked for then. */
  isOfSpec({ layout }: ManifestView): boolean {
    return layout.spec.id === this.#view.layout.spec.id
  }

  /**
   * What applies to one data file. Files to which the same applies mostly get the same list. Paths of which it is not
   * known yet whether they mean this file go to `unknown`.
   */
  *matching(
    view: ManifestView,
    row: number,
    unknown: Set<string>,
  ): Steps<readonly AppliedDelete[]> {
    const { sequenceNumber, tuple } = view.manifest.columns
    const sequence = sequenceNumber[row]!
    const key = this.isOfSpec(view) ? view.tupleKeys()[tuple[row]!]! : undefined
    const shared = this.#shared.get(key)?.get(sequence) ?? (yield* this.#share(key, sequence))
    if (key === undefined) return shared
    const own: AppliedDelete[] = []
    const inScope = (one: number) =>
      this.#tupleKeys[this.#view.manifest.columns.tuple[one]!] === key &&
      this.#isNewEnough(one, sequence)
    for (const one of this.#naming(view.pathAt(row))) {
      if (this.#isStep()) yield
      if (!inScope(one)) continue
      const named = readString(this.#details.target, one)
      const means = this.#options.names.means(named, view.manifest.recordedPath(row))
      if (means === undefined) unknown.add(named)
      else if (means) own.push(this.#apply(one))
    }
    for (const one of this.#byPartition.get(key)?.bounded ?? []) {
      if (this.#isStep()) yield
      if (inScope(one) && this.#mayHold(one, view.manifest.recordedPath(row))) {
        own.push(this.#apply(one))
      }
    }
    return own.length === 0 ? shared : [...shared, ...own]
  }

  #naming(path: Uint8Array): Iterable<number> {
    const { byName } = this.#details
    return byName.size === 0 ? [] : byName.rowsOf(baseNameBytes(path))
  }

  /** One partition may have hundreds of thousands of delete files. */
  *#share(key: string | undefined, sequence: number): Steps<readonly AppliedDelete[]> {
    const scoped = key === undefined ? [] : (this.#byPartition.get(key)?.all ?? [])
    const list: AppliedDelete[] = []
    for (const rows of [this.#global, scoped]) {
      for (const row of rows) {
        if (this.#isStep()) yield
        if (this.#isNewEnough(row, sequence)) list.push(this.#apply(row))
      }
    }
    const known = this.#shared.get(key) ?? new Map<number, readonly AppliedDelete[]>()
    this.#shared.set(key, known)
    // Somebody else may have made it between two steps: the same list for both.
    const shared = known.get(sequence) ?? list
    known.set(sequence, shared)
    return shared
  }

  /** After each delete file that is looked at. */
  #isStep(): boolean {
    return ++this.#looks % LOOKS_IN_A_STEP === 0
  }

  /** Position deletes touch files of their own commit too, equality deletes only older ones. */
  #isNewEnough(row: number, dataSequence: number): boolean {
    const { content, sequenceNumber } = this.#view.manifest.columns
    const sequence = sequenceNumber[row]!
    return content[row] === EQUALITY ? dataSequence < sequence : dataSequence <= sequence
  }

  #apply(row: number): AppliedDelete {
    const known = this.#applied.get(row)
    if (known !== undefined) return known
    const applied: AppliedDelete = {
      view: this.#view,
      details: this.#details,
      row,
      kind: this.#kindOf(row),
    }
    this.#applied.set(row, applied)
    return applied
  }

  /** Refused only here: where a file applies to none of those that are asked for, what is wrong with it is nobody's to know. */
  #kindOf(row: number): AppliedDelete['kind'] {
    const { content } = this.#view.manifest.columns
    if (content[row] === DATA) throw this.#corrupt('a data file in a delete manifest')
    if (content[row] === EQUALITY) {
      if ((this.#details.equalityIds.get(row) ?? []).length > 0) return 'equality'
      throw this.#corrupt('an equality delete file without equality_ids')
    }
    if (!this.#isVector(row)) return 'position'
    if (this.#isTargeted(row)) return 'vector'
    throw this.#corrupt('a deletion vector without its data file')
  }

  #mayHold(row: number, path: string): boolean {
    const { pathLower, pathUpper } = this.#details
    const bounds = { lower: readString(pathLower, row), upper: readString(pathUpper, row) }
    return mayHoldPath(bounds, path, this.#options.pathRoot)
  }

  #corrupt(what: string): TableError {
    const { readPath } = this.#view.manifest
    return new TableError('TABLE_CORRUPT', `expected delete files, found ${what} (${readPath})`, {
      context: { path: readPath },
    })
  }
}
