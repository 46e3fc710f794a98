import {
  type DataFile,
  type FindColumn,
  inSlices,
  MANY_COLUMNS,
  mapConcurrently,
  nextTurn,
  type ParquetShape,
  type Selection,
  Slices,
  type Steps,
} from '@spillway/core'
import type { PlannedFiles } from '@spillway/planner'
import type { ExactRows } from '../recipient/exact-rows.js'
import { type FittedFile, Fitting, isParquet, needsShapes, UNREAD } from './fitted-files.js'
import { ImportedFiles } from './imported-files.js'
import { MisreadTimes } from './misread-times.js'
import { NanoMoments } from './nano-moments.js'

export interface FitPlannedOptions {
  readonly signal?: AbortSignal | undefined
}

export interface FitterOptions {
  /** True where no value is to be read to find out which files are refused for one. */
  readonly footersAlone?: boolean
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
  readonly #nanos: NanoMoments | undefined
  readonly #suspects = new WeakMap<PlannedFiles, Promise<ReadonlySet<number>>>()
  #hasSuspects = false

  constructor(exact: ExactRows, { footersAlone = false }: FitterOptions = {}) {
    this.reads = needsShapes(exact)
    this.#fitting = new Fitting(exact)
    this.#exact = exact
    this.#times = MisreadTimes.of(exact)
    this.#imported = ImportedFiles.of(exact)
    this.#nanos = footersAlone ? undefined : NanoMoments.of(exact)
  }

  /** Files of `planned` that are in `rows`, as `fit` has them. */
  async fitPlanned(
    planned: PlannedFiles,
    rows: Selection,
    { signal }: FitPlannedOptions,
  ): Promise<readonly FittedFile[]> {
    const found = await planned.files.files(rows, signal)
    if (this.reads || !this.suspectsAny) return this.fit(found, signal)
    const suspects = await this.#suspectsIn(planned, signal)
    if (suspects.size === 0) return found.map(asIs)
    const suspected = new Set(found.filter((_, i) => suspects.has(rows[i]!)))
    return this.#fitSuspects(found, file => suspected.has(file), signal)
  }

  /** Rows of `planned` whose footers, or values, may be a reason not to send them as they are. */
  async suspects(planned: PlannedFiles, signal?: AbortSignal): Promise<Selection> {
    if (!this.suspectsAny) return planned.selection.subarray(0, 0)
    return Uint32Array.from(await this.#suspectsIn(planned, signal)).sort()
  }

  /** Rows of `planned` that may have to be refused whatever could be rewritten, for a value in them. */
  refusable({ files, selection }: PlannedFiles): Selection {
    if (this.#nanos?.suspectsAll) return selection
    const imported = this.refusesSome ? this.#imported?.suspects(files, selection) : undefined
    return imported ?? selection.subarray(0, 0)
  }

  /** True where files of this answer wait for reads of their own. */
  get waits(): boolean {
    return this.reads || this.#hasSuspects
  }

  /** True where moments, or who wrote a file, may be a reason not to send it as it is. */
  get suspectsAny(): boolean {
    return this.#times !== undefined || this.#imported !== undefined || this.refusesSome
  }

  /** True where the values of a file may be a reason not to send it in any way. */
  get refusesSome(): boolean {
    return this.#nanos !== undefined && (this.#nanos.suspectsAll || this.#imported !== undefined)
  }

  /** `files`, in order. Footers are read where only they tell. */
  async fit(files: readonly DataFile[], signal?: AbortSignal): Promise<readonly FittedFile[]> {
    if (!this.reads) {
      return this.#fitSuspects(files, file => this.#isSuspect(file), signal)
    }
    const shapes = await this.#shapesOf(files, signal)
    const fitted = await this.#fitAll(files, shapes)
    // A wide schema was compared with each shape: others go on before what comes next.
    if (this.#exact.snapshot.schema.fields.length > MANY_COLUMNS) await nextTurn()
    return this.#withValues(fitted, shapes, signal)
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
    if (suspects.length === 0 && !this.refusesSome) return files.map(asIs)
    const shapes = await this.#shapesOf(suspects, signal)
    const fitted = await this.#fitAll(files, shapes)
    return this.#withValues(fitted, shapes, signal)
  }

  /** In slices: each may have a shape of its own, and many columns. */
  async #fitAll(
    files: readonly DataFile[],
    shapes: ReadonlyMap<DataFile, ParquetShape | undefined>,
  ): Promise<readonly FittedFile[]> {
    const fitted: FittedFile[] = []
    const slices = new Slices()
    for (const file of files) {
      fitted.push(await inSlices(this.#fitImported(file, shapes.get(file)), slices))
    }
    return fitted
  }

  #isSuspect(file: DataFile): boolean {
    const isImported = this.#imported !== undefined && file.imported === true
    if (isImported || this.#nanos?.suspectsAll) return true
    return this.#times?.mayHold(file) === true
  }

  *#fitImported(file: DataFile, shape: ParquetShape | undefined): Steps<FittedFile> {
    if (shape?.isEmpty) return { file, isEmpty: true }
    const fitted = this.reads ? yield* this.#fitting.fit(file, shape) : asIs(file)
    if (fitted.misfit !== undefined || this.#imported === undefined) return fitted
    if (shape === undefined) return file.imported ? { ...fitted, misfit: UNREAD } : fitted
    const found = yield* this.#imported.misfit(file, shape)
    return found === undefined ? fitted : this.#fitting.withFound(fitted, found)
  }

  async #withValues(
    fitted: readonly FittedFile[],
    shapes: ReadonlyMap<DataFile, ParquetShape | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<readonly FittedFile[]> {
    const timed = await this.#withTimes(fitted, shapes, signal)
    const nanos = this.#nanos
    if (nanos === undefined) return timed
    return mapConcurrently(timed, CONCURRENT_VALUES, async each => {
      const { view: _, ...plain } = each
      const { file, misfit, isEmpty } = each
      if (misfit?.rewritable === false || isEmpty) return each
      const shape = shapes.get(file)
      const find: FindColumn = (field, columns) =>
        shape === undefined ? undefined : this.#fitting.finderOf(file, shape)(field, columns)
      const isRewritten = misfit !== undefined
      const found = await nanos.misfit(file, { shape, find, isRewritten, signal })
      return found === undefined ? each : { ...plain, misfit: found }
    })
  }

  /** What is misread is rewritten, whatever footer it could be served under. */
  async #withTimes(
    fitted: readonly FittedFile[],
    shapes: ReadonlyMap<DataFile, ParquetShape | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<readonly FittedFile[]> {
    const times = this.#times
    if (times === undefined || shapes.size === 0) return fitted
    return mapConcurrently(fitted, CONCURRENT_VALUES, async each => {
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
    if (this.#nanos?.suspectsAll) return new Set(selection)
    const imported = this.#imported?.suspects(files, selection) ?? []
    const odd = (await this.#times?.suspects(files, selection, signal)) ?? []
    return new Set([...imported, ...odd])
  }
}

function asIs(file: DataFile): FittedFile {
  return { file }
}
