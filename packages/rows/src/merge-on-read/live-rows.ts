import {
  columnFinder,
  type DataFile,
  type Field,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { cutNanos } from '@spillway/encoding'
import type { ColumnSource } from '../data-files/column-sql.js'
import { type BelievedShape, believedShapes, fileRows } from '../data-files/file-rows.js'
import type { FileColumn, FileShape, FileType } from '../data-files/file-shape.js'
import { partitionConstant } from '../data-files/partition-constants.js'
import type { Naming } from '../sql/sql-type.js'
import {
  DELETED,
  type DeleteContext,
  fillDeletedPositions,
  requireParquet,
} from './deleted-positions.js'
import { equalityConditions, equalityDeletes, equalityKey } from './equality-deletes.js'

/** Files that one statement reads: of one schema, under the same equality deletes. */
export interface LivePart {
  readonly files: readonly DataFile[]
  readonly rowCounts: readonly number[]
  /** FROM and WHERE: exactly the live rows, as columns `c0`, `c1`, ... beside file_index and file_row_number. */
  readonly from: string
  /** The same with the deleted rows instead. */
  readonly deleted: string
  readonly source: ColumnSource
  /** True where only reading values tells which rows are deleted. */
  readonly readsValues: boolean
  readonly hasDeletes: boolean
}

export interface PartOptions {
  readonly naming: Naming
}

/**
 * The live rows of `files`, part by part. The temporary tables of a part are there until the next one is asked for.
 * Files with logs are not these: see merged-rows.ts.
 */
export async function* liveParts(
  files: readonly DataFile[],
  context: DeleteContext,
  options: PartOptions,
): AsyncGenerator<LivePart> {
  for (const file of files) requireComplete(file)
  const paths = await context.local.pathsOf(files, context.signal)
  const { signal } = context
  for (const shape of await believedShapes(context.connection, paths, { signal })) {
    for (const positions of groupsOf(shape, files)) {
      yield await partOf(positions, { files, paths, shape, options }, context)
    }
  }
}

function requireComplete(file: DataFile): void {
  requireParquet(file)
  if (file.logFiles.length === 0) return
  throw new TableError('INTERNAL', 'a file with logs was read without merging them', {
    context: { path: file.path },
  })
}

/** Positions of the shape's files, apart by whether positions are deleted and by their equality deletes. */
function groupsOf(shape: FileShape, files: readonly DataFile[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  for (const position of shape.files) {
    const file = files[position]!
    const untouched = file.deletes.every(({ kind }) => kind === 'equality-delete')
    const key = `${untouched}\n${equalityKey(file)}\n${namesKey(file)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [position])
    else group.push(position)
  }
  return [...groups.values()]
}

/** Files that call their columns differently are read apart. */
function namesKey({ columnNames }: DataFile): string {
  return columnNames === undefined ? '' : JSON.stringify([...columnNames])
}

interface PartInput {
  readonly files: readonly DataFile[]
  readonly paths: readonly string[]
  readonly shape: BelievedShape
  readonly options: PartOptions
}

async function partOf(
  positions: readonly number[],
  { files, paths, shape, options }: PartInput,
  context: DeleteContext,
): Promise<LivePart> {
  const chosen = positions.map(position => files[position]!)
  const cutMoments = await cutMomentsOf(chosen, shape, context)
  const source = { ...sourceOf(chosen, shape, { naming: options.naming, context }), cutMoments }
  const conditions: string[] = []
  const rowCountOf = new Map(shape.files.map((file, i) => [file, shape.rowCounts[i]!]))
  const rowCounts = positions.map(position => rowCountOf.get(position)!)
  if (await fillDeletedPositions(chosen, rowCounts, context)) {
    conditions.push(
      `NOT EXISTS (SELECT 1 FROM ${DELETED} d WHERE d.file = t.file_index AND d.pos = t.file_row_number)`,
    )
  }
  const deletes = equalityDeletes(chosen[0]!)
  if (deletes.length > 0) conditions.push(...(await equalityConditions(deletes, source, context)))
  const from = `FROM ${fileRows(
    shape,
    positions.map(position => paths[position]!),
    rowCounts,
  )}`
  const live = conditions.length === 0 ? 'TRUE' : conditions.join(' AND ')
  return {
    files: chosen,
    rowCounts,
    from: `${from} WHERE ${live}`,
    deleted: `${from} WHERE NOT (${live})`,
    source,
    readsValues: deletes.length > 0,
    hasDeletes: conditions.length > 0,
  }
}

/** By element of `shape`, a moment that DuckDB would cut in one of `files`. */
async function cutMomentsOf(
  files: readonly DataFile[],
  { columns }: FileShape,
  { store, signal }: DeleteContext,
): Promise<ReadonlyMap<number, bigint>> {
  const found = new Map<number, bigint>()
  const elements = columns.flatMap(({ type }) => cutElements(type))
  for (const file of elements.length === 0 ? [] : files) {
    throwIfCancelled(signal)
    for (const [element, value] of await cutNanos(store, file, { elements, signal })) {
      if (!found.has(element)) found.set(element, value)
    }
  }
  return found
}

function cutElements(type: FileType): readonly number[] {
  const below = (columns: readonly FileColumn[]) => columns.flatMap(each => cutElements(each.type))
  switch (type.kind) {
    case 'struct':
      return below(type.fields)
    case 'list':
      return below([type.element])
    case 'map':
      return below([type.key, type.value])
    default:
      return type.cutElement === undefined ? [] : [type.cutElement]
  }
}

/** Where the columns of `files`, all of one shape, are to be found. */
export function sourceOf(
  files: readonly DataFile[],
  shape: FileShape,
  {
    naming,
    context,
  }: { readonly naming: Naming; readonly context: Pick<DeleteContext, 'snapshot'> },
): ColumnSource {
  const { snapshot } = context
  const find = columnFinder(snapshot, shape, files[0]?.columnNames)
  const constants = new Map<Field, string | undefined>()
  const metadataWins = snapshot.partitionValues === 'metadata'
  return {
    columns: shape.columns,
    find,
    naming,
    constant(field) {
      if (!metadataWins && find(field, shape.columns) !== undefined) return undefined
      if (!constants.has(field)) constants.set(field, partitionConstant(field, files, snapshot))
      return constants.get(field)
    },
  }
}
