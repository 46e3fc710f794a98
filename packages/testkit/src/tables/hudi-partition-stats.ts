import { compareBytes } from '@spillway/core'
import type { HudiCommit } from './hudi-commit.js'
import type { HudiBound, HudiColumnStats } from './hudi-metadata.js'

/** Statistics of one column over what one commit wrote to one partition. */
export interface PartitionStats {
  readonly partition: string
  readonly stats: HudiColumnStats
}

const DECIMAL = 10

/**
 * What a writer of partition_stats records for each of `commits`: a column only where every file of the partition has
 * bounds for it, merged by Java's orders.
 */
export function partitionStatsOf(
  commits: readonly HudiCommit[],
): readonly (readonly PartitionStats[])[] {
  const files = commits.flatMap(commit => commit.files)
  const usable = (partition: string, column: string) =>
    files
      .filter(file => file.partition === partition)
      .every(file => file.stats?.some(each => each.column === column && isBounded(each)) === true)
  return commits.map(commit => {
    const merged = new Map<string, PartitionStats>()
    for (const { partition, stats = [] } of commit.files) {
      for (const each of stats) {
        if (!usable(partition, each.column)) continue
        const key = `${partition}\0${each.column}`
        const known = merged.get(key)?.stats
        merged.set(key, { partition, stats: known === undefined ? each : union(known, each) })
      }
    }
    return [...merged.values()]
  })
}

/** Without bounds a file has nothing but nulls, or nobody knows. */
function isBounded({ min, max, valueCount, nullCount }: HudiColumnStats): boolean {
  return valueCount === nullCount || (min !== undefined && max !== undefined)
}

function union(a: HudiColumnStats, b: HudiColumnStats): HudiColumnStats {
  const min = pick(a, b, 'min')
  const max = pick(a, b, 'max')
  return {
    column: a.column,
    min,
    max,
    valueCount: a.valueCount + b.valueCount,
    nullCount: a.nullCount + b.nullCount,
    ...((a.valueType ?? b.valueType) && { valueType: (a.valueType ?? b.valueType)! }),
  }
}

function pick(a: HudiColumnStats, b: HudiColumnStats, side: 'min' | 'max'): HudiBound | undefined {
  const [left, right] = [a[side], b[side]]
  if (left === undefined || right === undefined) return left ?? right
  const isDecimal = (a.valueType ?? b.valueType)?.[0] === DECIMAL
  const order = javaOrder(left.value, right.value, isDecimal)
  return (side === 'min' ? order <= 0 : order >= 0) ? left : right
}

/** Strings by UTF-16 unit, decimals by value, NaN above everything and -0 below 0. */
function javaOrder(a: HudiBound['value'], b: HudiBound['value'], isDecimal: boolean): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return isDecimal ? sign(unscaled(a), unscaled(b)) : compareBytes(a, b)
  }
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    if (a === 0 && b === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0))
  }
  return sign(a, b)
}

function sign<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Two's complement, big-endian. */
function unscaled(bytes: Uint8Array): bigint {
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return BigInt.asIntN(bytes.length * 8, value)
}
