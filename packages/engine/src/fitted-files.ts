import {
  type ColumnLookup,
  columnFinder,
  type DataFile,
  type Field,
  type FindColumn,
  type FooterEdit,
  type ParquetShape,
  type Snapshot,
  type Value,
} from '@spillway/core'
import type { ExactRows } from './exact-files.js'
import { droppedColumn, type Misfit, misfitOf } from './fit.js'
import { footerView } from './footer-view.js'

/** A file and how a recipient who is sent it as it is would misread it. */
export interface FittedFile {
  readonly file: DataFile
  readonly misfit?: Misfit
  /** A footer under which it is read rightly, where whoever serves the file can put that in place of its own. */
  readonly view?: readonly FooterEdit[]
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

/** `files`, in order, each held against what the recipient finds in it. Footers are read where only they tell. */
export async function fitFiles(
  files: readonly DataFile[],
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<readonly FittedFile[]> {
  if (!needsShapes(exact)) return files.map(file => ({ file }))
  const readable = files.filter(isParquet)
  const shapes = exact.shapes && (await exact.shapes.of(readable, signal))
  const fitting = new Fitting(exact)
  let next = 0
  return files.map(file => fitting.fit(file, isParquet(file) ? shapes?.[next++] : undefined))
}

function isParquet({ fileFormat }: DataFile): boolean {
  return fileFormat === 'parquet'
}

interface FoundMisfit {
  readonly misfit: Misfit
  readonly view?: readonly FooterEdit[]
}

/** What files of one shape have in common is found out once. */
class Fitting {
  readonly #snapshot: Snapshot
  readonly #lookup: ColumnLookup | undefined
  readonly #widens: boolean
  readonly #partitions: readonly Field[]
  readonly #finders = new Map<ParquetShape, FindColumn>()
  readonly #known = new Map<ParquetShape, Map<string, FoundMisfit | undefined>>()
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
    const unsayable = this.#partitions.find(field => constantOf(field, file, this.#snapshot) === '')
    if (unsayable !== undefined) return { file, misfit: emptyText(unsayable) }
    const contradicted = this.#contradicted(file)
    if (contradicted !== undefined) return { file, misfit: otherValue(contradicted) }
    const split = this.#partitions.filter(
      field => constantOf(field, file, this.#snapshot) === undefined,
    )
    const parts = split.length === 0 ? {} : { split }
    if (shape === undefined) {
      return isParquet(file) ? { file, ...parts, misfit: UNREAD } : { file, ...parts }
    }
    const found = this.#misfit(file, shape)
    if (found?.view !== undefined && this.#canView(file.path)) {
      return { file, ...parts, view: found.view }
    }
    return { file, ...parts, ...(found && { misfit: found.misfit }) }
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
    const constants = this.#constantsOf(file)
    const key = JSON.stringify([constants, file.columnNames && [...file.columnNames]])
    const known = this.#known.get(shape) ?? new Map<string, FoundMisfit | undefined>()
    this.#known.set(shape, known)
    if (known.has(key)) return known.get(key)
    const found = this.#compare(file, shape, new Set(constants))
    known.set(key, found)
    return found
  }

  #compare(
    file: DataFile,
    shape: ParquetShape,
    constants: ReadonlySet<number>,
  ): FoundMisfit | undefined {
    const { fields } = this.#snapshot.schema
    const find = this.#finderOf(file, shape)
    const lookup = this.#lookup
    const isConstant = ({ id }: Field) => constants.has(id)
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

  #finderOf(file: DataFile, shape: ParquetShape): FindColumn {
    if (file.columnNames !== undefined) {
      return columnFinder(this.#snapshot, shape, file.columnNames)
    }
    const known = this.#finders.get(shape) ?? columnFinder(this.#snapshot, shape)
    this.#finders.set(shape, known)
    return known
  }

  /** Ids of the columns that the metadata gives a value, in their order: what files of one shape can differ in. */
  #constantsOf(file: DataFile): readonly number[] {
    const { partitionSpecs, schema } = this.#snapshot
    const ids = (partitionSpecs.get(file.specId)?.fields ?? []).map(({ sourceIds }) => sourceIds[0])
    return schema.fields
      .filter(
        field =>
          ids.includes(field.id) && (constantOf(field, file, this.#snapshot) ?? null) !== null,
      )
      .map(({ id }) => id)
  }
}

/** The one value of `field` in all rows of `file`; undefined where there may be several. */
function constantOf(
  field: Field,
  file: DataFile,
  { partitionSpecs }: Snapshot,
): Value | null | undefined {
  const constant = file.constants?.get(field.id)
  if (constant !== undefined) return constant
  const at = (partitionSpecs.get(file.specId)?.fields ?? []).findIndex(
    ({ transform, sourceIds }) =>
      transform.kind === 'identity' && sourceIds.length === 1 && sourceIds[0] === field.id,
  )
  return at < 0 ? undefined : (file.partition[at] ?? null)
}

const UNREAD: Misfit = {
  kind: 'name',
  column: '*',
  reason: 'cannot be looked for: nothing here reads the footers of its files',
}

function emptyText({ name }: Field): Misfit {
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
