import {
  type ColumnStats,
  type Field,
  type FieldPath,
  HOLDS_NULLS,
  HOLDS_VALUES,
  leafOf,
  type StatsTable,
  statsLeaves,
  type Value,
} from '@spillway/core'
import type { ParquetColumnStatistics } from '@spillway/encoding'
import type { DeltaMetadata } from '../schema/metadata.js'
import { boundColumn } from '../statistics/bound-column.js'
import { type BoundRules, hasBounds, type Side, typedBound } from '../statistics/bound-value.js'
import { upperOfMaxima } from '../statistics/cut-maximum.js'
import { type StatsColumn, statsColumn } from '../statistics/stats-columns.js'
import type { CheckpointPart } from './checkpoint-part.js'
import { ADD_PATH } from './checkpoint-statistics.js'
import { findLeaf, type LeafPath, leafStatistics } from './row-group.js'
import { structLeaf } from './struct-stats.js'

/**
 * What the footers of a checkpoint prove about its row groups: one row a part, then `others` rows about which nothing
 * is known. A bound counts only where every add has the value, since footers leave nulls out.
 */
export function summarise(
  parts: readonly CheckpointPart[],
  others: number,
  metadata: DeltaMetadata,
): StatsTable {
  const length = parts.length + others
  const columns = new Map<number, readonly ColumnStats[]>()
  const partitions = new Set(metadata.partitionFields.map(field => field.id))
  if (parts.length > 0) {
    for (const path of statsLeaves(metadata.schema.fields)) {
      const { id } = leafOf(path)
      const stats = columnSummary(parts, length, placesOf(path, partitions.has(id), metadata))
      if (stats !== undefined) columns.set(id, [stats])
    }
  }
  return { length, recordCount: new Float64Array(length).fill(Number.NaN), columns }
}

/** True where every add of the part has its partition values as values, too: whoever wrote it could read the texts. */
export function parsesPartitions(part: CheckpointPart, metadata: DeltaMetadata): boolean {
  return metadata.partitionFields.every(
    field => holdsText(field) || completeStatistics(part, parsedPartition(field)) !== undefined,
  )
}

/** True for the types of which any text is a value. */
export function holdsText({ type }: Field): boolean {
  return type === 'string' || type === 'binary'
}

function parsedPartition({ physicalName }: Field): LeafPath {
  return ['add', 'partitionValues_parsed', physicalName]
}

interface Places {
  readonly rules: BoundRules
  readonly lower: LeafPath
  readonly upper: LeafPath
  readonly nullCount: LeafPath | undefined
}

function placesOf(path: FieldPath, isPartition: boolean, metadata: DeltaMetadata): Places {
  const column: StatsColumn = statsColumn(path, metadata)
  if (!isPartition) {
    return {
      rules: column.rules,
      lower: structLeaf('minValues', column),
      upper: structLeaf('maxValues', column),
      nullCount: structLeaf('nullCount', column),
    }
  }
  const leaf = parsedPartition(leafOf(path))
  // Partition values are never cut short.
  const rules = { ...column.rules, stringPrefixLength: Number.POSITIVE_INFINITY }
  return { rules, lower: leaf, upper: leaf, nullCount: undefined }
}

function columnSummary(
  parts: readonly CheckpointPart[],
  length: number,
  places: Places,
): ColumnStats | undefined {
  if (!isSummable(places)) return undefined
  const lower = boundColumn(places.rules.type, length)
  const upper = boundColumn(places.rules.type, length)
  if (lower === undefined || upper === undefined) return undefined
  const holds = new Uint8Array(length).fill(HOLDS_VALUES | HOLDS_NULLS)
  let found = false
  parts.forEach((part, row) => {
    const least = bound(part, places.lower, 'lower', places.rules)
    const greatest = bound(part, places.upper, 'upper', places.rules)
    if (least !== undefined) lower.set(row, least)
    if (greatest !== undefined) upper.set(row, greatest)
    const noNulls = places.nullCount !== undefined && hasNoNulls(part, places.nullCount)
    if (noNulls) holds[row] = HOLDS_VALUES
    found ||= least !== undefined || greatest !== undefined || noNulls
  })
  return found ? { holds, lower: lower.finish(), upper: upper.finish() } : undefined
}

/** Footers leave NaN out, and the zone of a partition's timestamp is as unknown in a struct as in the text. */
function isSummable({ rules, nullCount }: Places): boolean {
  if (!hasBounds(rules) || rules.type === 'float' || rules.type === 'double') return false
  return nullCount !== undefined || rules.type !== 'timestamptz'
}

function bound(
  part: CheckpointPart,
  path: LeafPath,
  side: Side,
  rules: BoundRules,
): Value | undefined {
  const { source } = part.slice
  const statistics = completeStatistics(part, path)
  const value = side === 'lower' ? statistics?.min : statistics?.max
  const type = findLeaf(source, path)?.type
  if (value === undefined || type === undefined) return undefined
  // The greatest of many maxima is not the maximum of what they stand for.
  if (side === 'upper' && rules.type === 'string') {
    return typeof value === 'string' ? upperOfStrings(value, rules) : undefined
  }
  return typedBound(value, type, rules, side) ?? undefined
}

/** Partition values are never cut. */
function upperOfStrings(greatest: string, { stringPrefixLength }: BoundRules): Value | undefined {
  if (stringPrefixLength === Number.POSITIVE_INFINITY) return greatest
  return upperOfMaxima(greatest, stringPrefixLength) ?? undefined
}

function hasNoNulls(part: CheckpointPart, path: LeafPath): boolean {
  const statistics = completeStatistics(part, path)
  return statistics?.max !== undefined && Number(statistics.max) === 0
}

/** The footer's word on a leaf, where every add has a value. */
function completeStatistics(
  part: CheckpointPart,
  path: LeafPath,
): ParquetColumnStatistics | undefined {
  const { source, rowGroup } = part.slice
  const statistics = leafStatistics(source, rowGroup, path)
  const noAdds = leafStatistics(source, rowGroup, ADD_PATH)?.nullCount
  const complete = statistics?.nullCount !== undefined && statistics.nullCount === noAdds
  return complete ? statistics : undefined
}
