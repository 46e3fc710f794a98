import {
  type ColumnLookup,
  childrenOf,
  type DataFile,
  type Field,
  type FieldPath,
  type FindColumn,
  isPrimitive,
  isTableError,
  type LiveFiles,
  leafOf,
  type ParquetShape,
  type PrunePredicate,
  type Selection,
  type ShapeNode,
  type Snapshot,
  statsLeaves,
  type Value,
} from '@spillway/core'
import { fieldsOf, prune } from '@spillway/planner'
import type { ExactRows } from '../recipient/exact-rows.js'
import type { Misfit } from '../recipient/misfit.js'
import { tableWideNeeds } from '../recipient/table-wide.js'
import {
  beyondRanges,
  holdsTimes,
  isWithin,
  type Misreads,
  rangeOf,
  strictestRangeAt,
  type TimePlace,
  type TimeRange,
  timeText,
} from './time-ranges.js'

interface Above {
  readonly above?: readonly Field[]
  readonly place?: TimePlace
}

/** A column that was found, under the path that ends in its field. */
interface Below extends Above {
  readonly above: FieldPath
  readonly find: FindColumn
}

interface Doubt extends TimeRange {
  readonly path: FieldPath
  /** Of the file: `int96`, `old_calendar`, ... */
  readonly annotation: string
}

/**
 * Moments that a recipient would silently take for others. First the metadata is asked which files cannot hold any, of all
 * files at once; then the footers of the others, whether they hold such columns; and then the values themselves.
 */
export class MisreadTimes {
  readonly #snapshot: Snapshot
  readonly #misreads: Misreads
  readonly #lookup: ColumnLookup | undefined
  readonly #resolver: ExactRows['resolver']
  /** Matches every file that may hold such a moment; undefined where columns have no bounds that could say it. */
  readonly #predicate: PrunePredicate | undefined
  readonly #known = new Map<ParquetShape, readonly Doubt[]>()

  private constructor({ snapshot, accepts, resolver }: ExactRows, misreads: Misreads) {
    this.#snapshot = snapshot
    this.#misreads = misreads
    this.#resolver = resolver
    this.#lookup = snapshot.shapesFrom === 'footers' ? accepts.lookup?.(snapshot) : undefined
    this.#predicate = beyondRanges(snapshot.schema.fields, misreads)
  }

  /** Undefined where the recipient misreads none that the table could hold. */
  static of(exact: ExactRows): MisreadTimes | undefined {
    const { misreads } = exact.accepts
    if (misreads === undefined || misreads.size === 0) return undefined
    // Every file is rewritten.
    if (tableWideNeeds(exact.snapshot, exact.accepts).length > 0) return undefined
    const some = exact.snapshot.schema.fields.some(field => holdsTimes(field, misreads))
    return some ? new MisreadTimes(exact, misreads) : undefined
  }

  /** Those of `rows` whose metadata does not prove that they hold no such moment. */
  async suspects({ batch }: LiveFiles, rows: Selection, signal?: AbortSignal): Promise<Selection> {
    if (this.#predicate === undefined || rows.length === 0) return rows
    const left = prune(this.#predicate, batch.stats, rows)
    if (left.length === 0) return left
    const stats = await batch.readStats(fieldsOf(this.#predicate), left, signal)
    return prune(this.#predicate, stats, left)
  }

  /** The same of one file, by the bounds that it has itself. */
  mayHold(file: DataFile): boolean {
    if (this.#predicate === undefined) return true
    return [...statsLeaves(this.#snapshot.schema.fields)].some(path => {
      const range = strictestRangeAt(path, this.#misreads)
      return range !== undefined && !this.#isProved(path, range, file)
    })
  }

  /** How the recipient would misread `file`, of `shape`. */
  async misfit(
    file: DataFile,
    shape: ParquetShape,
    { find, signal }: { readonly find: FindColumn; readonly signal?: AbortSignal | undefined },
  ): Promise<Misfit | undefined> {
    const open = this.#doubts(file, shape, find).filter(
      doubt => !this.#isProved(doubt.path, doubt, file),
    )
    if (open.length === 0) return undefined
    const never = open.find(({ none }) => none)
    if (never !== undefined) return misfitOf(never, undefined)
    const ranges = await this.#valueRanges(
      file,
      open.map(({ path }) => path),
      signal,
    )
    for (const [i, doubt] of open.entries()) {
      const range = ranges[i]
      if (range === undefined) return misfitOf(doubt, undefined)
      const { least, greatest } = range
      if (least === null || greatest === null) continue
      const beyond = [least, greatest].find(value => !isWithin(value, doubt))
      if (beyond !== undefined) return misfitOf(doubt, beyond)
    }
    return undefined
  }

  async #valueRanges(file: DataFile, paths: readonly FieldPath[], signal: AbortSignal | undefined) {
    if (this.#resolver?.valueRanges === undefined) return []
    try {
      return await this.#resolver.valueRanges(this.#snapshot, file, paths, signal)
    } catch (error) {
      // What our own engine cannot decode is not proved.
      if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return []
      throw error
    }
  }

  /** Leaves of files of `shape` that may hold such moments; found out once, but for files that name columns themselves. */
  #doubts(file: DataFile, shape: ParquetShape, find: FindColumn): readonly Doubt[] {
    const known = file.columnNames === undefined ? this.#known.get(shape) : undefined
    if (known !== undefined) return known
    const found = [...this.#doubtsIn(this.#snapshot.schema.fields, shape.columns, { find })]
    if (file.columnNames === undefined) this.#known.set(shape, found)
    return found
  }

  *#doubtsIn(
    fields: readonly Field[],
    columns: readonly ShapeNode[],
    { find, above = [], place = 'column' }: Above & { readonly find: FindColumn },
  ): Generator<Doubt> {
    const { fromPartitions, prefersOwn } = this.#lookup ?? {}
    for (const field of fields) {
      if (above.length === 0 && prefersOwn === false && fromPartitions?.has(field.id)) continue
      const at = find(field, columns)
      if (at === undefined) continue
      yield* this.#doubtsBelow(columns[at]!, { above: [...above, field], place, find })
    }
  }

  *#doubtsBelow(node: ShapeNode, { above, place = 'column', find }: Below): Generator<Doubt> {
    const { type } = leafOf(above)
    const { annotation = '' } = node
    if (isPrimitive(type)) {
      const range = rangeOf({ type, annotation, place }, this.#misreads)
      if (range !== undefined) yield { ...range, annotation, path: above }
    } else if (type.kind === 'struct') {
      const below = place === 'map' ? place : 'field'
      yield* this.#doubtsIn(type.fields, node.children, { find, above, place: below })
    } else {
      const below = place === 'map' || type.kind === 'map' ? 'map' : 'element'
      for (const [i, child] of childrenOf(type)!.entries()) {
        const inside = node.children[i]
        if (inside === undefined) continue
        yield* this.#doubtsBelow(inside, { above: [...above, child], place: below, find })
      }
    }
  }

  #isProved(path: FieldPath, range: TimeRange, file: DataFile): boolean {
    const { id } = leafOf(path)
    const constant = this.#constantOf(id, file)
    if (constant !== undefined) return constant === null || isWithin(constant, range)
    const bounds = file.bounds.get(id)
    if (bounds === undefined) return false
    if (bounds.nullCount !== undefined && bounds.nullCount === file.recordCount) return true
    const { lower, upper } = bounds
    return (
      range.none !== true &&
      (range.from === undefined || (lower !== undefined && isWithin(lower, range))) &&
      (range.to === undefined || (upper !== undefined && isWithin(upper, range)))
    )
  }

  /** The one value that the metadata gives a column of `file`. */
  #constantOf(id: number, file: DataFile): Value | null | undefined {
    const spec = this.#snapshot.partitionSpecs.get(file.specId)?.fields ?? []
    const at = spec.findIndex(
      ({ transform, sourceIds }) =>
        transform.kind === 'identity' && sourceIds.length === 1 && sourceIds[0] === id,
    )
    return at < 0 || file.contradicted?.includes(id) ? undefined : (file.partition[at] ?? null)
  }
}

const WHY: Readonly<Record<string, string>> = {
  int96: 'as INT96, which this client reads rightly from 1677-09-22 to 2262-04-10 alone',
  aged_int96:
    'as INT96 of Spark 2, which this client reads rightly from 1900-01-01 to 2262-04-10 alone',
  old_int96:
    'as INT96 of Spark 2, which this client reads rightly from 1900-01-01 to 2262-04-10 alone',
  old_calendar: 'in the calendar of Spark 2, which this client takes for another',
}

function misfitOf({ path, annotation, none }: Doubt, value: Value | undefined): Misfit {
  const column = path.map(({ name }) => name).join('.')
  if (none)
    return {
      kind: 'type',
      column,
      reason: 'is INT96 in it, which this client reads at the top alone',
    }
  const found = value === undefined ? 'may be any day' : `is ${timeText(value, leafOf(path).type)}`
  return {
    kind: 'type',
    column,
    reason: `${found} in it, ${WHY[annotation]}`,
  }
}
