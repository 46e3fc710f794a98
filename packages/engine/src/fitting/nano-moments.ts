import {
  childrenOf,
  type DataFile,
  type DataType,
  type Field,
  type FindColumn,
  isPrimitive,
  isTableError,
  type ParquetShape,
  type ShapeNode,
  type Snapshot,
  timestampText,
  typeName,
} from '@spillway/core'
import type { ExactRows } from '../recipient/exact-rows.js'
import type { Misfit } from '../recipient/misfit.js'
import { tableWideNeeds } from '../recipient/table-wide.js'

/** Where files of one shape hold moments in nanoseconds, or read a default in them. */
type NanoPlace =
  | { readonly column: string; readonly element: number }
  | { readonly column: string; readonly value: bigint }

export interface NanoFile {
  /** Undefined where its footer was not read. */
  readonly shape: ParquetShape | undefined
  readonly find: FindColumn
  /** True where something else keeps it from going out as it is. */
  readonly isRewritten: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Moments in nanoseconds (decision 0039). An answer can say microseconds alone, in which most of them are exact: a file with
 * one that is not is refused, as it is and rewritten, but for recipients who see every digit in the file itself.
 */
export class NanoMoments {
  /** True where any file of the table may hold some; else those alone that a Delta table was made over. */
  readonly suspectsAll: boolean
  readonly #snapshot: Snapshot
  readonly #resolver: ExactRows['resolver']
  readonly #mayRead: boolean
  readonly #known = new Map<ParquetShape, readonly NanoPlace[]>()

  private constructor({ snapshot, accepts, resolver }: ExactRows) {
    this.suspectsAll = snapshot.deltaActions === undefined
    this.#snapshot = snapshot
    this.#resolver = resolver
    const seesAll = accepts.misreads?.has('nanos') !== true
    this.#mayRead = seesAll && tableWideNeeds(snapshot, accepts).length === 0
  }

  /** Undefined where no file of the table can hold any. */
  static of(exact: ExactRows): NanoMoments | undefined {
    const { schema, deltaActions } = exact.snapshot
    const holds = deltaActions === undefined ? isInNanos : isMoment
    return schema.fields.some(field => holdsType(field, holds)) ? new NanoMoments(exact) : undefined
  }

  /** Why `file` cannot be sent, as it is or rewritten. */
  async misfit(file: DataFile, nanoFile: NanoFile): Promise<Misfit | undefined> {
    if (!this.suspectsAll && file.imported !== true) return undefined
    const constant = this.#cutConstant(file)
    if (constant !== undefined) return constant
    const { shape, find, isRewritten, signal } = nanoFile
    if (file.logFiles.length > 0 || file.fileFormat === 'hudi-log') return IN_LOGS
    const isRead = file.deletes.length === 0 && !isRewritten
    if (this.#mayRead && isRead) return undefined
    if (shape === undefined) return this.suspectsAll ? misfitOf('*', UNPROVED) : undefined
    const places = this.#placesIn(file, shape, find)
    if (places.length === 0) return undefined
    const elements = places.flatMap(each => ('element' in each ? [each.element] : []))
    const cut = await this.#cutNanos(file, elements, signal)
    for (const place of places) {
      const value = 'value' in place ? place.value : cut?.get(place.element)
      if (value !== undefined) return cutMisfit(place.column, value)
      if (cut === undefined) return misfitOf(place.column, UNPROVED)
    }
    return undefined
  }

  /** Undefined where nothing here tells. */
  async #cutNanos(
    file: DataFile,
    elements: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<number, bigint> | undefined> {
    if (elements.length === 0) return new Map()
    try {
      return await this.#resolver?.cutNanos?.(this.#snapshot, file, elements, signal)
    } catch (error) {
      // What our own reader cannot decode is not proved.
      if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return undefined
      throw error
    }
  }

  /** A value that only the metadata gives, and that no text of an answer can say. */
  #cutConstant(file: DataFile): Misfit | undefined {
    const fields = this.#snapshot.partitionSpecs.get(file.specId)?.fields ?? []
    for (const [at, { transform, sourceIds }] of fields.entries()) {
      const value = file.partition[at]
      if (transform.kind !== 'identity' || typeof value !== 'bigint') continue
      const field = this.#snapshot.schema.fields.find(({ id }) => id === sourceIds[0])
      if (field !== undefined && isInNanos(field.type) && isCut(value)) {
        return cutMisfit(field.name, value)
      }
    }
    return undefined
  }

  #placesIn(file: DataFile, shape: ParquetShape, find: FindColumn): readonly NanoPlace[] {
    const known = file.columnNames === undefined ? this.#known.get(shape) : undefined
    if (known !== undefined) return known
    const places = [
      ...placesAmong(this.#snapshot.schema.fields, shape.columns, { find, above: '' }),
    ]
    if (file.columnNames === undefined) this.#known.set(shape, places)
    return places
  }
}

/**
 * Moments in the other unit. An answer declares microseconds for both, and what is no whole one is refused (see above); in
 * files of a column that has never been in nanoseconds nobody looks for it.
 */
export function isOtherUnit(
  found: DataType,
  { type, earlierTypes = [] }: Field,
  looksForNanos = false,
): boolean {
  if (typeName(inMicros(found)) !== typeName(inMicros(type))) return false
  return looksForNanos || [type, ...earlierTypes].some(isInNanos)
}

function inMicros(type: DataType): DataType {
  if (type === 'timestamp_ns') return 'timestamp'
  return type === 'timestamptz_ns' ? 'timestamptz' : type
}

interface Level {
  readonly find: FindColumn
  readonly above: string
}

function* placesAmong(
  fields: readonly Field[],
  columns: readonly ShapeNode[],
  level: Level,
): Generator<NanoPlace> {
  for (const field of fields) {
    const column = `${level.above}${field.name}`
    const at = level.find(field, columns)
    if (at !== undefined) {
      yield* placesBelow(field.type, columns[at]!, { ...level, above: column })
      continue
    }
    const value = field.initialDefault
    if (isInNanos(field.type) && typeof value === 'bigint' && isCut(value)) yield { column, value }
  }
}

function* placesBelow(type: DataType, node: ShapeNode, level: Level): Generator<NanoPlace> {
  const { above: column, find } = level
  if (isPrimitive(type)) {
    const { annotation, element } = node
    if (annotation === 'timestamp_nanos' && element !== undefined) yield { column, element }
    return
  }
  if (type.kind !== node.kind) return
  if (type.kind === 'struct') {
    yield* placesAmong(type.fields, node.children, { find, above: `${column}.` })
    return
  }
  for (const [i, child] of childrenOf(type)!.entries()) {
    yield* placesBelow(child.type, node.children[i]!, { find, above: `${column}.${child.name}` })
  }
}

function holdsType({ type, earlierTypes }: Field, holds: (type: DataType) => boolean): boolean {
  if (holds(type) || earlierTypes?.some(holds)) return true
  return childrenOf(type)?.some(child => holdsType(child, holds)) === true
}

function isInNanos(type: DataType): boolean {
  return type === 'timestamp_ns' || type === 'timestamptz_ns'
}

function isMoment(type: DataType): boolean {
  return type === 'timestamp' || type === 'timestamptz' || isInNanos(type)
}

function isCut(nanos: bigint): boolean {
  return nanos % 1000n !== 0n
}

const WHAT_WORKS =
  "what works is the column in whole microseconds (of pandas, df.to_parquet(path, coerce_timestamps='us', allow_truncated_timestamps=True), which drops the digits beyond)"
const UNPROVED = `holds moments in nanoseconds in it, and nothing here can read whether they are whole microseconds, which is all that answers can say; ${WHAT_WORKS}`
const IN_LOGS: Misfit = misfitOf(
  '*',
  'may hold moments in nanoseconds in log files, which answers cannot say; what works is the table compacted, or with them in microseconds',
)

function cutMisfit(column: string, value: bigint): Misfit {
  const text = timestampText(value, 9)
  return misfitOf(
    column,
    `is ${text} in it, and answers can say whole microseconds alone; ${WHAT_WORKS}`,
  )
}

function misfitOf(column: string, reason: string): Misfit {
  return { kind: 'type', column, reason, rewritable: false }
}
