import {
  childrenOf,
  compareValues,
  type DataType,
  dateText,
  type Field,
  type FieldPath,
  isPrimitive,
  leafOf,
  type MisreadTime,
  type PrunePredicate,
  statsLeaves,
  type Value,
} from '@spillway/core'

const FIRST_OF_NANOS = BigInt(Date.UTC(1677, 8, 22)) * 1000n
const END_OF_NANOS = BigInt(Date.UTC(2262, 3, 11)) * 1000n
/** From here on both calendars agree; of moments, in every zone. */
const FIRST_DAY = Date.UTC(1582, 9, 15) / 86_400_000
const FIRST_MOMENT = BigInt(Date.UTC(1900, 0, 1)) * 1000n

/** Values that are read rightly: from `from` up to but not including `to`. */
export interface TimeRange {
  readonly from?: Value
  readonly to?: Value
  /** No value is. */
  readonly none?: true
}

/** A column of the table itself, a struct's field, what a list holds, or anything below a map. */
export type TimePlace = 'column' | 'field' | 'element' | 'map'

export type Misreads = ReadonlySet<MisreadTime>

/** Annotations of leaves in which a recipient misreads some values. */
const INT96: ReadonlySet<string> = new Set(['int96', 'aged_int96', 'old_int96'])
const OLD: ReadonlySet<string> = new Set(['aged_int96', 'old_int96', 'old_calendar'])

/** How a file holds values: `annotation` is its shape's. */
export interface HeldTime {
  readonly type: DataType
  readonly annotation: string
  readonly place: TimePlace
}

/** What a recipient reads rightly of values that a file holds so; undefined where it reads all of them. */
export function rangeOf(
  { type, annotation, place }: HeldTime,
  misreads: Misreads,
): TimeRange | undefined {
  const isOld = OLD.has(annotation) && misreads.has('old_calendar')
  if (type === 'date') return isOld ? { from: FIRST_DAY } : undefined
  if (!isMoment(type)) return undefined
  const isInt96 = INT96.has(annotation)
  const isElement = place === 'element' || place === 'map'
  if (isInt96 && place !== 'column' && misreads.has('nested_int96')) return { none: true }
  if (isInt96 && isElement && misreads.has('element_int96')) return { none: true }
  const wraps = isInt96 && misreads.has('int96')
  if (!isOld && !wraps) return undefined
  const from = isOld ? FIRST_MOMENT : FIRST_OF_NANOS
  return { from: from * perMicro(type), ...(wraps && { to: END_OF_NANOS * perMicro(type) }) }
}

/** The same however a file may hold values of `type`. */
function strictestRange(
  type: DataType,
  place: TimePlace,
  misreads: Misreads,
): TimeRange | undefined {
  const annotation = type === 'date' ? 'old_calendar' : 'aged_int96'
  return rangeOf({ type, annotation, place }, misreads)
}

/** The same of a column that may have bounds. */
export function strictestRangeAt(path: FieldPath, misreads: Misreads): TimeRange | undefined {
  return strictestRange(leafOf(path).type, path.length === 1 ? 'column' : 'field', misreads)
}

export function isWithin(value: Value, { from, to, none }: TimeRange): boolean {
  return (
    none !== true &&
    (from === undefined || compareValues(value, from) >= 0) &&
    (to === undefined || compareValues(value, to) < 0)
  )
}

/** True for columns with some value, of a file, that would be misread. */
export function holdsTimes({ type }: Field, misreads: Misreads): boolean {
  if (!isPrimitive(type)) return childrenOf(type)!.some(child => holdsTimes(child, misreads))
  return strictestRange(type, 'element', misreads) !== undefined
}

/**
 * What files match that may hold such a value, by what pruning knows of them; undefined where a column below a list or a
 * map has no bounds to go by.
 */
export function beyondRanges(
  fields: readonly Field[],
  misreads: Misreads,
): PrunePredicate | undefined {
  const operands: PrunePredicate[] = []
  let bounded = 0
  for (const path of statsLeaves(fields)) {
    const range = strictestRangeAt(path, misreads)
    if (range === undefined) continue
    bounded++
    operands.push(...comparisons(path, range))
  }
  return bounded === countTimes(fields, misreads) ? { kind: 'or', operands } : undefined
}

function comparisons(path: FieldPath, { from, to, none }: TimeRange): readonly PrunePredicate[] {
  if (none) return [{ kind: 'notNull', ref: { path } }]
  const comparison = (op: 'lt' | 'gtEq', value: Value) =>
    ({ kind: 'comparison', op, ref: { path }, value }) as const
  return [
    ...(from === undefined ? [] : [comparison('lt', from)]),
    ...(to === undefined ? [] : [comparison('gtEq', to)]),
  ]
}

function countTimes(fields: readonly Field[], misreads: Misreads): number {
  let count = 0
  for (const { type } of fields) {
    if (!isPrimitive(type)) count += countTimes(childrenOf(type)!, misreads)
    else if (strictestRange(type, 'element', misreads) !== undefined) count++
  }
  return count
}

function isMoment(type: DataType): boolean {
  return typeof type === 'string' && type.startsWith('timestamp')
}

function perMicro(type: DataType): bigint {
  return typeof type === 'string' && type.endsWith('_ns') ? 1000n : 1n
}

/** A day or a moment, to be read by people. */
export function timeText(value: Value, type: DataType): string {
  if (typeof value === 'number') return dateText(value)
  const micros = (value as bigint) / perMicro(type)
  const millis = Number(micros / 1000n)
  return Math.abs(millis) > 8.64e15 ? `${micros} microseconds` : new Date(millis).toISOString()
}
