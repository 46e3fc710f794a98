import {
  type ColumnLookup,
  columnFinder,
  type DataFile,
  type Field,
  type FindColumn,
  type FooterEdit,
  type ParquetShape,
  type Selection,
  type Snapshot,
  type Value,
} from '@spillway/core'
import type { PlannedFiles } from '@spillway/planner'
import type { ExactRows } from './exact-files.js'
import { droppedColumn, type Misfit, misfitOf } from './fit.js'
import { footerView } from './footer-view.js'
import { type FoundMisfit, ImportedFiles } from './imported-files.js'
import { mapBounded } from './map-bounded.js'
import { MisreadTimes } from './misread-times.js'

/** A file and how a recipient who is sent it as it is would misread it. */
export interface FittedFile {
  readonly file: DataFile
  readonly misfit?: Misfit
  /** A footer under which it is read rightly, where whoever serves the file can put that in place of its own. */
  readonly view?: readonly FooterEdit[]
  /** Set where it holds no row, and so need not be sent: delta-kernel in Python fails over nothing but such files. */
  readonly isEmpty?: true
  /** Columns that the answer takes from partition values, and of which this file may hold several values. */
  readonly split?: readonly Field[]
}

/** True where the metadata alone does not tell how a recipient reads the table's files. */
export function needsShapes({ snapshot, accepts }: ExactRows): boolean {
  return snapshot.source.redactDropped !== undefined || lookupOf(snapshot, accepts) !== undefined
}

function lookupOf(snapshot: Snapshot, accepts: ExactRows['accepts']): ColumnLookup | undefined {
  return snapshot.shapesFrom === 'footers' ? accepts.lookup?.(snapshot) : undefined
}

export interface FitPlannedOptions {
  /** Files that are not handed out are not read either. */
  readonly isGranted?: (file: DataFile) => boolean
  readonly signal?: AbortSignal
}

const CONCURRENT_VALUES = 4

/** Holds the files of one answer against what its recipient finds in them. */
export class Fitter {
  /**
   * False where the metadata tells which columns files hold: a footer is read only of those that may hold odd moments, or
   * that the table was made over.
   */
  readonly reads: boolean
  readonly #fitting: Fitting
  readonly #exact: ExactRows
  readonly #times: MisreadTimes | undefined
  readonly #imported: ImportedFiles | undefined
  readonly #suspects = new WeakMap<PlannedFiles, Promise<ReadonlySet<number>>>()
  #hasSuspects = false

  constructor(exact: ExactRows) {
    this.reads = needsShapes(exact)
    this.#fitting = new Fitting(exact)
    this.#exact = exact
    this.#times = MisreadTimes.of(exact)
    this.#imported = ImportedFiles.of(exact)
  }

  /** Files of `planned` that are in `rows`, as `fit` has them. */
  async fitPlanned(
    planned: PlannedFiles,
    rows: Selection,
    { isGranted = () => true, signal }: FitPlannedOptions,
  ): Promise<readonly FittedFile[]> {
    const found = await planned.files.files(rows, signal)
    const granted = found.filter(isGranted)
    if (this.reads || !this.suspectsAny) return this.fit(granted, signal)
    const suspects = await this.#suspectsIn(planned, signal)
    const suspected = new Set(found.filter((_, i) => suspects.has(rows[i]!)))
    return this.#fitSuspects(granted, file => suspected.has(file), signal)
  }

  /** Rows of `planned` whose footers, or values, may be a reason not to send them as they are. */
  async suspects(planned: PlannedFiles, signal?: AbortSignal): Promise<Selection> {
    if (!this.suspectsAny) return planned.selection.subarray(0, 0)
    const suspects = await this.#suspectsIn(planned, signal)
    return planned.selection.filter(row => suspects.has(row))
  }

  /** True where files of this answer wait for reads of their own. */
  get waits(): boolean {
    return this.reads || this.#hasSuspects
  }

  /** True where moments, or who wrote a file, may be a reason not to send it as it is. */
  get suspectsAny(): boolean {
    return this.#times !== undefined || this.#imported !== undefined
  }

  /** `files`, in order. Footers are read where only they tell. */
  async fit(files: readonly DataFile[], signal?: AbortSignal): Promise<readonly FittedFile[]> {
    if (!this.reads) {
      return this.#fitSuspects(files, file => this.#isSuspect(file), signal)
    }
    const shapes = await this.#shapesOf(files, signal)
    const fitted = files.map(file => this.#fitting.fit(file, shapes.get(file)))
    return this.#withTimes(fitted, shapes, signal)
  }

  /** As far as no footer need be read for it: what is known to fit, or not to, by partition values. */
  fitByMetadata(files: readonly DataFile[]): readonly FittedFile[] {
    return this.reads ? files.map(file => this.#fitting.fitByMetadata(file)) : files.map(asIs)
  }

  async #fitSuspects(
    files: readonly DataFile[],
    isSuspect: (file: DataFile) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<readonly FittedFile[]> {
    const suspects = files.filter(file => isParquet(file) && isSuspect(file))
    if (suspects.length === 0) return files.map(asIs)
    const shapes = await this.#shapesOf(suspects, signal)
    const fitted = files.map(file => this.#fitImported(file, shapes.get(file)))
    return this.#withTimes(fitted, shapes, signal)
  }

  #isSuspect(file: DataFile): boolean {
    const isImported = this.#imported !== undefined && file.imported === true
    return isImported || this.#times?.mayHold(file) === true
  }

  #fitImported(file: DataFile, shape: ParquetShape | undefined): FittedFile {
    if (shape?.isEmpty) return { file, isEmpty: true }
    const found = shape && this.#imported?.misfit(file, shape)
    return found === undefined ? asIs(file) : this.#fitting.withFound({ file }, found)
  }

  /** What is misread is rewritten, whatever footer it could be served under. */
  async #withTimes(
    fitted: readonly FittedFile[],
    shapes: ReadonlyMap<DataFile, ParquetShape | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<readonly FittedFile[]> {
    const times = this.#times
    if (times === undefined || shapes.size === 0) return fitted
    return mapBounded(fitted, CONCURRENT_VALUES, async each => {
      const { view: _, ...plain } = each
      const { file, misfit, isEmpty } = each
      if (misfit !== undefined || isEmpty || !shapes.has(file)) return each
      const shape = shapes.get(file)
      if (shape === undefined) return { ...plain, misfit: UNREAD }
      const find = this.#fitting.finderOf(file, shape)
      const found = await times.misfit(file, shape, { find, signal })
      return found === undefined ? each : { ...plain, misfit: found }
    })
  }

  async #shapesOf(
    files: readonly DataFile[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<DataFile, ParquetShape | undefined>> {
    const readable = files.filter(isParquet)
    const shapes = await this.#exact.shapes?.of(readable, signal)
    return new Map(readable.map((file, i) => [file, shapes?.[i]]))
  }

  #suspectsIn(planned: PlannedFiles, signal?: AbortSignal): Promise<ReadonlySet<number>> {
    const known = this.#suspects.get(planned)
    if (known !== undefined) return known
    const found = this.#findSuspects(planned, signal).then(rows => {
      this.#hasSuspects ||= rows.size > 0
      return rows
    })
    this.#suspects.set(planned, found)
    return found
  }

  async #findSuspects(
    { files, selection }: PlannedFiles,
    signal?: AbortSignal,
  ): Promise<ReadonlySet<number>> {
    const imported = this.#imported?.suspects(files, selection) ?? []
    const odd = (await this.#times?.suspects(files, selection, signal)) ?? []
    return new Set([...imported, ...odd])
  }
}

/** The same for a few files alone. */
export function fitFiles(
  files: readonly DataFile[],
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<readonly FittedFile[]> {
  return new Fitter(exact).fit(files, signal)
}

function asIs(file: DataFile): FittedFile {
  return { file }
}

function isParquet({ fileFormat }: DataFile): boolean {
  return fileFormat === 'parquet'
}

/** What files of one shape have in common is found out once. */
class Fitting {
  readonly #snapshot: Snapshot
  readonly #lookup: ColumnLookup | undefined
  readonly #widens: boolean
  readonly #partitions: readonly Field[]
  readonly #finders = new Map<ParquetShape, FindColumn>()
  readonly #known = new Map<ParquetShape, Map<string, FoundMisfit | undefined>>()
  readonly #sourcesBySpec = new Map<number, readonly Field[]>()
  readonly #placesBySpec = new Map<number, Map<number, number>>()
  readonly #exact: ExactRows

  constructor(exact: ExactRows) {
    const { snapshot, accepts } = exact
    this.#exact = exact
    this.#snapshot = snapshot
    this.#lookup = lookupOf(snapshot, accepts)
    this.#widens = accepts.features.has('typeWidening')
    const { fromPartitions } = this.#lookup ?? {}
    this.#partitions = snapshot.schema.fields.filter(({ id }) => fromPartitions?.has(id))
  }

  fit(file: DataFile, shape: ParquetShape | undefined): FittedFile {
    if (shape?.isEmpty === true) return { file, isEmpty: true }
    const fitted = this.fitByMetadata(file)
    if (fitted.misfit !== undefined) return fitted
    if (shape === undefined) return isParquet(file) ? { ...fitted, misfit: UNREAD } : fitted
    const found = this.#misfit(file, shape)
    return found === undefined ? fitted : this.withFound(fitted, found)
  }

  withFound(fitted: FittedFile, { misfit, view }: FoundMisfit): FittedFile {
    const canView = view !== undefined && this.#canView(fitted.file.path)
    return canView ? { ...fitted, view } : { ...fitted, misfit }
  }

  fitByMetadata(file: DataFile): FittedFile {
    const unsayable = this.#partitions.find(field => this.#constantOf(field, file) === '')
    if (unsayable !== undefined) return { file, misfit: emptyText(unsayable) }
    const contradicted = this.#contradicted(file)
    if (contradicted !== undefined) return { file, misfit: otherValue(contradicted) }
    const split = this.#partitions.filter(field => this.#constantOf(field, file) === undefined)
    return split.length === 0 ? { file } : { file, split }
  }

  #canView(path: string): boolean {
    const { shapes, canView } = this.#exact
    return shapes?.viewedSize !== undefined && canView?.(path) === true
  }

  /** A column that the recipient reads in the file, where the folder says otherwise. */
  #contradicted({ contradicted }: DataFile): Field | undefined {
    if (contradicted === undefined || this.#lookup === undefined) return undefined
    const { fromPartitions, prefersOwn } = this.#lookup
    return this.#snapshot.schema.fields.find(
      ({ id }) => contradicted.includes(id) && (prefersOwn || !fromPartitions.has(id)),
    )
  }

  #misfit(file: DataFile, shape: ParquetShape): FoundMisfit | undefined {
    const key = this.#keyOf(file)
    const known = this.#known.get(shape) ?? new Map<string, FoundMisfit | undefined>()
    this.#known.set(shape, known)
    if (known.has(key)) return known.get(key)
    const found = this.#compare(file, shape)
    known.set(key, found)
    return found
  }

  #compare(file: DataFile, shape: ParquetShape): FoundMisfit | undefined {
    const { fields } = this.#snapshot.schema
    const find = this.finderOf(file, shape)
    const lookup = this.#lookup
    const constants = this.#sources(file.specId).filter(field => this.#hasValue(field, file))
    const isConstant = (field: Field) => constants.includes(field)
    const options = lookup && { fields, find, lookup, widens: this.#widens, isConstant }
    const misfit = options && misfitOf(shape, options)
    const { redactDropped } = this.#snapshot.source
    const dropped = redactDropped && droppedColumn(shape, { fields, find })
    // A view hides columns, and not their bytes.
    if (dropped !== undefined) {
      return redactDropped === 'refuse'
        ? { misfit: { ...dropped, rewritable: false } }
        : { misfit: misfit ?? dropped }
    }
    if (misfit === undefined) return undefined
    const view = footerView(shape, options!)
    return { misfit, ...(view && { view }) }
  }

  finderOf(file: DataFile, shape: ParquetShape): FindColumn {
    if (file.columnNames !== undefined) {
      return columnFinder(this.#snapshot, shape, file.columnNames)
    }
    const known = this.#finders.get(shape) ?? columnFinder(this.#snapshot, shape)
    this.#finders.set(shape, known)
    return known
  }

  /** What files of one shape can differ in: which columns the metadata gives a value, and what they call their columns. */
  #keyOf(file: DataFile): string {
    let key = String(file.specId)
    for (const field of this.#sources(file.specId)) key += this.#hasValue(field, file) ? '+' : '-'
    if (file.columnNames === undefined) return key
    return `${key} ${JSON.stringify([...file.columnNames])}`
  }

  #hasValue(field: Field, file: DataFile): boolean {
    return (this.#constantOf(field, file) ?? null) !== null
  }

  /** Columns that files of a spec may have one value in. */
  #sources(specId: number): readonly Field[] {
    let sources = this.#sourcesBySpec.get(specId)
    if (sources === undefined) {
      const { partitionSpecs, schema } = this.#snapshot
      const ids = (partitionSpecs.get(specId)?.fields ?? []).map(({ sourceIds }) => sourceIds[0])
      sources = schema.fields.filter(({ id }) => ids.includes(id))
      this.#sourcesBySpec.set(specId, sources)
    }
    return sources
  }

  /** The one value of `field` in all rows of `file`; undefined where there may be several. */
  #constantOf(field: Field, file: DataFile): Value | null | undefined {
    const constant = file.constants?.get(field.id)
    if (constant !== undefined) return constant
    const at = this.#placeOf(field, file.specId)
    return at < 0 ? undefined : (file.partition[at] ?? null)
  }

  /** Where the partition values of a spec's files have `field`; -1 where they do not. */
  #placeOf({ id }: Field, specId: number): number {
    let places = this.#placesBySpec.get(specId)
    if (places === undefined) {
      places = new Map()
      this.#placesBySpec.set(specId, places)
    }
    let at = places.get(id)
    if (at === undefined) {
      at = (this.#snapshot.partitionSpecs.get(specId)?.fields ?? []).findIndex(
        ({ transform, sourceIds }) =>
          transform.kind === 'identity' && sourceIds.length === 1 && sourceIds[0] === id,
      )
      places.set(id, at)
    }
    return at
  }
}

const UNREAD: Misfit = {
  kind: 'name',
  column: '*',
  reason: 'cannot be looked for: nothing here reads the footers of its files',
}

/** Whether a file that is sent in parts may have a part whose value cannot be said: its bounds may prove that it has none. */
export function mayHoldEmptyText({ file, split = [] }: FittedFile): boolean {
  return split.some(({ id, type }) => type === 'string' && !file.bounds.get(id)?.lower)
}

export function emptyText({ name }: Field): Misfit {
  const reason = 'is an empty text in it, which partition values of an answer cannot say'
  return { kind: 'partition', column: name, reason, rewritable: false }
}

function otherValue({ name }: Field): Misfit {
  const reason = 'is in it too, and not proved to hold the value that its folder is named by'
  return { kind: 'partition', column: name, reason }
}

export function notConstant({ name }: Field): Misfit {
  return { kind: 'partition', column: name, reason: 'has several values in it', rewritable: false }
}
