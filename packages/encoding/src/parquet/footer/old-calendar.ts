import { compareValues, MICROS_PER_DAY } from '@spillway/core'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import type { ParquetFooter, ParquetRowGroup } from './parquet-metadata.js'

/** 1582-10-15, from which on the hybrid calendar and the proleptic Gregorian one agree. */
const FIRST_DAY = -141_427
/** 1900-01-01: before it Java's old zones differ from its new ones as well. */
const FIRST_ZONED_MICROS = -2_208_988_800_000_000n

/** What Spark wrote into the footer about the calendar of a file's dates and moments. */
export interface OldCalendar {
  readonly dates: boolean
  readonly int96: boolean
  /** True where the footer says so itself, and not the age of its writer alone. */
  readonly saysInt96: boolean
  /** True where moments were shifted as clocks of UTC; else by the rules of some other zone. */
  readonly utc: boolean
}

/**
 * Which values of a file Spark rebases from the hybrid Julian calendar when it reads them (DataSourceUtils.datetimeRebaseSpec):
 * those of Spark 2, and those that Spark 3 wrote in its legacy mode. Undefined where there are none.
 */
export function oldCalendar(keyValue: ReadonlyMap<string, string>): OldCalendar | undefined {
  const version = keyValue.get('org.apache.spark.version')
  if (version === undefined) return undefined
  const saysInt96 = keyValue.has('org.apache.spark.legacyINT96')
  const dates = isBefore(version, 0) || keyValue.has('org.apache.spark.legacyDateTime')
  const int96 = isBefore(version, 1) || saysInt96
  const zone = keyValue.get('org.apache.spark.timeZone')
  return dates || int96 ? { dates, int96, saysInt96, utc: isUtc(zone) } : undefined
}

/** Before Spark 3.`minor`. */
function isBefore(version: string, minor: number): boolean {
  const [major = 0, found = 0] = version.split('.').map(Number)
  return major < 3 || (major === 3 && found < minor)
}

function isUtc(zone: string | undefined): boolean {
  return zone !== undefined && /^(?:(?:Etc\/)?(?:UTC|GMT|Zulu|UCT)|Z)$/.test(zone)
}

/**
 * Leaves that may hold values of the old calendar which mean another day in the new one. INT96 has no bounds, and most
 * of it is recent: of it only what the footer itself marks.
 */
export function oldCalendarLeaves({
  keyValue,
  leaves,
  rowGroups,
}: Pick<ParquetFooter, 'keyValue' | 'leaves' | 'rowGroups'>): ReadonlySet<number> {
  const calendar = oldCalendar(keyValue)
  const old = new Set<number>()
  if (calendar === undefined) return old
  for (const [leaf, info] of leaves.entries()) {
    const first = firstCommon(info, calendar)
    if (first !== undefined && mayPrecede(rowGroups, leaf, first)) old.add(leaf)
  }
  return old
}

/** The first value of the leaf that both calendars agree about; undefined where it is of one calendar alone. */
function firstCommon(info: ParquetLeafInfo, calendar: OldCalendar): number | bigint | undefined {
  const { logicalType: logical, physicalType } = info
  if (logical?.kind === 'date') return calendar.dates ? FIRST_DAY : undefined
  const isMoment = logical?.kind === 'timestamp' && logical.utc && logical.unit !== 'nanos'
  const isInt96 = physicalType === 'INT96' && logical === undefined
  if (!((isMoment && calendar.dates) || (isInt96 && calendar.saysInt96))) return undefined
  return calendar.utc ? BigInt(FIRST_DAY) * MICROS_PER_DAY : FIRST_ZONED_MICROS
}

function mayPrecede(
  rowGroups: readonly ParquetRowGroup[],
  leaf: number,
  first: number | bigint,
): boolean {
  return rowGroups.some(({ columns }) => {
    const { min, nullCount, valueCount } = columns[leaf]!
    return nullCount !== valueCount && (min === undefined || compareValues(min, first) < 0)
  })
}

/** Bounds of those leaves are days of the old calendar: nobody compares with them. */
export function withoutOldBounds(
  rowGroups: readonly ParquetRowGroup[],
  old: ReadonlySet<number>,
): readonly ParquetRowGroup[] {
  if (old.size === 0) return rowGroups
  return rowGroups.map(group => ({
    ...group,
    columns: group.columns.map(column => {
      if (!old.has(column.leaf)) return column
      const { min: _, max: __, ...rest } = column
      return rest
    }),
  }))
}
