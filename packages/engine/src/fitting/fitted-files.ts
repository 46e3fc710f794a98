import {
  type ColumnLookup,
  columnFinder,
  type DataFile,
  type Field,
  type FindColumn,
  type FooterEdit,
  type ParquetShape,
  type Snapshot,
  type Steps,
  type Value,
} from '@spillway/core'
import type { ExactRows } from '../recipient/exact-rows.js'
import type { Misfit } from '../recipient/misfit.js'
import { droppedColumn, misfitOf } from './fit.js'
import { footerView } from './footer-view.js'
import type { FoundMisfit } from './imported-files.js'

/** A file and how a recipient who is sent it as it is would misread it. */
export interface FittedFile {
  readonly file: DataFile
  readonly misfit?: Misfit
  /** A footer under which it is read rightly, where whoever serves the file can put that in place of its own. */
  readonly view?: readonly FooterEdit[] | undefined
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

export function isParquet({ fileFormat }: DataFile): boolean {
  return fileFormat === 'parquet'
}

/** What files of one shape have in common is found out once. */
export class Fitting {
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

  *fit(file: DataFile, shape: ParquetShape | undefined): Steps<FittedFile> {
    const fitted = this.fitByMetadata(file)
    if (fitted.misfit !== undefined) return fitted
    if (shape === undefined) return isParquet(file) ? { ...fitted, misfit: UNREAD } : fitted
    const found = yield* this.#misfit(file, shape)
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

  *#misfit(file: DataFile, shape: ParquetShape): Steps<FoundMisfit | undefined> {
    const key = this.#keyOf(file)
    const known = this.#known.get(shape) ?? new Map<string, FoundMisfit | undefined>()
    this.#known.set(shape, known)
    if (known.has(key)) return known.get(key)
    const found = yield* this.#compare(file, shape)
    known.set(key, found)
    return found
  }

  *#compare(file: DataFile, shape: ParquetShape): Steps<FoundMisfit | undefined> {
    const { fields } = this.#snapshot.schema
    const find = this.finderOf(file, shape)
    const lookup = this.#lookup
    const constants = this.#sources(file.specId).filter(field => this.#hasValue(field, file))
    const isConstant = (field: Field) => constants.includes(field)
    const options = lookup && { fields, find, lookup, widens: this.#widens, isConstant }
    const misfit = options && (yield* misfitOf(shape, options))
    const { redactDropped } = this.#snapshot.source
    const dropped = redactDropped && droppedColumn(shape, { fields, find })
    // A view hides columns, and not their bytes.
    if (dropped !== undefined) {
      return redactDropped === 'refuse'
        ? { misfit: { ...dropped, rewritable: false } }
        : { misfit: misfit ?? dropped }
    }
    if (misfit === undefined) return undefined
    const view = yield* footerView(shape, options!)
    return { misfit, view }
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

export const UNREAD: Misfit = {
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
