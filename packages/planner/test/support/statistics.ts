import {
  type Column,
  type ColumnStats,
  columnBuilder,
  compareValues,
  type DataType,
  DictionaryBuilder,
  type FieldPath,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  leafOf,
  type PrimitiveType,
  type Value,
} from '@spillway/core'
import { interestingValues, type LogicalFile, liveRows, type Random } from '@spillway/testkit'
import { bucketOf } from '../../src/prune/bucket.js'

/** Everything any reader may say about one column of one file, no more than is true. */
export interface FileStatistics {
  readonly holds: number
  readonly lower: Value | null
  readonly upper: Value | null
}

/** The bounds of some files' values as a reader might have them: exact, widened, cut, one-sided or missing. */
export function randomStatistics(
  files: readonly LogicalFile[],
  path: FieldPath,
  random: Random,
): FileStatistics {
  const { id, type } = leafOf(path)
  const cells = files.flatMap(file =>
    // Bounds may be those of all rows, or of the live ones.
    (random.chance(0.5) ? file.rows : liveRows(file)).map(row => row.get(id) ?? null),
  )
  const values = cells.filter(cell => cell !== null && !Number.isNaN(cell)) as Value[]
  values.sort(compareValues)
  let holds = values.length > 0 ? HOLDS_VALUES : 0
  if (cells.includes(null)) holds |= HOLDS_NULLS
  if (cells.some(cell => Number.isNaN(cell))) holds |= HOLDS_NANS
  if (random.chance(0.2)) holds |= random.integer(0, HOLDS_ANYTHING)
  return {
    holds,
    lower: lowerOf(values[0], type as PrimitiveType, random),
    upper: upperOf(values.at(-1), type as PrimitiveType, random),
  }
}

function lowerOf(least: Value | undefined, type: PrimitiveType, random: Random): Value | null {
  if (random.chance(0.15)) return null
  if (least === undefined) return random.chance(0.5) ? null : random.pick(interestingValues(type))
  if (isFloating(type) && random.chance(0.05)) return Number.NaN
  if (random.chance(0.2)) {
    return random.pick(interestingValues(type).filter(each => compareValues(each, least) <= 0))
  }
  if (typeof least === 'string' && random.chance(0.3)) return Array.from(least).slice(0, 2).join('')
  return least
}

function upperOf(greatest: Value | undefined, type: PrimitiveType, random: Random): Value | null {
  if (random.chance(0.15)) return null
  if (greatest === undefined)
    return random.chance(0.5) ? null : random.pick(interestingValues(type))
  if (isFloating(type) && random.chance(0.05)) return Number.NaN
  if (random.chance(0.2)) {
    return random.pick(interestingValues(type).filter(each => compareValues(each, greatest) >= 0))
  }
  if (typeof greatest === 'string' && random.chance(0.3)) {
    const points = Array.from(greatest)
    // A prefix with something above whatever was cut off.
    if (points.length > 1)
      return `${points[0]}\u{10ffff}`.repeat(1) + '\u{10ffff}'.repeat(greatest.length)
  }
  return greatest
}

function isFloating(type: DataType): boolean {
  return type === 'float' || type === 'double'
}

/** Statistics of several rows, in a random one of the layouts a column may have. */
export function entryOf(
  statistics: readonly FileStatistics[],
  type: PrimitiveType,
  random: Random,
): ColumnStats {
  const lower = layOut(
    statistics.map(each => each.lower),
    type,
    random,
  )
  const upper = layOut(
    statistics.map(each => each.upper),
    type,
    random,
  )
  return {
    ...(random.chance(0.85) ? { holds: Uint8Array.from(statistics, each => each.holds) } : {}),
    ...(random.chance(0.9) ? { lower } : {}),
    ...(random.chance(0.9) ? { upper } : {}),
  }
}

export function layOut(
  values: readonly (Value | null)[],
  type: PrimitiveType,
  random: Random,
): Column {
  const builder = random.chance(0.3) ? new DictionaryBuilder(type) : columnBuilder(type)!
  for (const value of values) builder.append(value)
  return builder.finish()
}

/** Bucket numbers of a column that is constant in each file; undefined for types without buckets. */
export function bucketEntry(
  constants: readonly (Value | null)[],
  type: PrimitiveType,
  random: Random,
): ColumnStats | undefined {
  const count = random.pick([1, 2, 16])
  const buckets = constants.map(value => (value === null ? null : bucketOf(value, type, count)))
  if (buckets.includes(undefined)) return undefined
  const column = layOut(buckets as (number | null)[], 'int', random)
  const holds = Uint8Array.from(constants, value => (value === null ? HOLDS_NULLS : HOLDS_VALUES))
  return { bucketCount: count, lower: column, upper: column, holds }
}
