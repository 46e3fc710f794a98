import {
  type ColumnLookup,
  columnFinder,
  type DataFile,
  type Field,
  type FindColumn,
  type ParquetShape,
  type Snapshot,
  type Value,
} from '@spillway/core'
import type { ExactRows } from './exact-files.js'
import { droppedColumn, type Misfit, misfitOf } from './fit.js'

/** A file and how a recipient who is sent it as it is would misread it. */
export interface FittedFile {
  readonly file: DataFile
  readonly misfit?: Misfit
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

/** What files of one shape have in common is found out once. */
class Fitting {
  readonly #snapshot: Snapshot
  readonly #lookup: ColumnLookup | undefined
  readonly #widens: boolean
  readonly #partitions: readonly Field[]
  readonly #finders = new Map<ParquetShape, FindColumn>()
  readonly #known = new Map<ParquetShape, Map<string, Misfit | undefined>>()

  constructor({ snapshot, accepts }: ExactRows) {
    this.#snapshot = snapshot
    this.#lookup = lookupOf(snapshot, accepts)
    this.#widens = accepts.features.has('typeWidening')
    const { fromPartitions } = this.#lookup ?? {}
    this.#partitions = snapshot.schema.fields.filter(({ id }) => fromPartitions?.has(id))
  }

  fit(file: DataFile, shape: ParquetShape | undefined): FittedFile {
    const unsayable = this.#partitions.find(field => constantOf(field, file, this.#snapshot) === '')
    if (unsayable !== undefined) return { file, misfit: emptyText(unsayable) }
    const split = this.#partitions.filter(
      field => constantOf(field, file, this.#snapshot) === undefined,
    )
    const parts = split.length === 0 ? {} : { split }
    if (shape === undefined) {
      return isParquet(file) ? { file, ...parts, misfit: UNREAD } : { file, ...parts }
    }
    const misfit = this.#misfit(file, shape)
    return { file, ...parts, ...(misfit && { misfit }) }
  }

  #misfit(file: DataFile, shape: ParquetShape): Misfit | undefined {
    const constants = this.#constantsOf(file)
    const key = JSON.stringify([constants, file.columnNames && [...file.columnNames]])
    const known = this.#known.get(shape) ?? new Map<string, Misfit | undefined>()
    this.#known.set(shape, known)
    if (known.has(key)) return known.get(key)
    const misfit = this.#compare(file, shape, new Set(constants))
    known.set(key, misfit)
    return misfit
  }

  #compare(
    file: DataFile,
    shape: ParquetShape,
    constants: ReadonlySet<number>,
  ): Misfit | undefined {
    const { fields } = this.#snapshot.schema
    const find = this.#finderOf(file, shape)
    const lookup = this.#lookup
    const misfit =
      lookup &&
      misfitOf(shape, {
        fields,
        find,
        lookup,
        widens: this.#widens,
        isConstant: ({ id }) => constants.has(id),
      })
    const { redactDropped } = this.#snapshot.source
    if (redactDropped === undefined) return misfit
    const dropped = droppedColumn(shape, { fields, find })
    if (dropped === undefined) return misfit
    return redactDropped === 'refuse' ? { ...dropped, rewritable: false } : (misfit ?? dropped)
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

/** Whether a file that is sent in parts may have a part whose value cannot be said: its bounds may prove that it has none. */
export function mayHoldEmptyText({ file, split = [] }: FittedFile): boolean {
  return split.some(({ id, type }) => type === 'string' && !file.bounds.get(id)?.lower)
}

export function emptyText({ name }: Field): Misfit {
  const reason = 'is an empty text in it, which partition values of an answer cannot say'
  return { kind: 'partition', column: name, reason, rewritable: false }
}

export function notConstant({ name }: Field): Misfit {
  return { kind: 'partition', column: name, reason: 'has several values in it', rewritable: false }
}
