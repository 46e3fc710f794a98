import {
  HOLDS_NULLS,
  leafOf,
  type Predicate,
  type PrunePredicate,
  physicalKind,
  type Schema,
  type StatsTable,
  selectAll,
} from '@spillway/core'
import { columnStats, type FooterStats, footerStats, type ParquetFooter } from '@spillway/encoding'
import { bind, fieldsOf, prune, rewriteNot } from '@spillway/planner'
import type { ColumnSource } from '@spillway/rows'

/** `predicate` against a schema, as pruning takes it. */
export function boundPredicate(predicate: Predicate, schema: Schema): PrunePredicate {
  return rewriteNot(bind(predicate, schema).predicate)
}

/** Row groups of one file that may hold a matching row: their statistics prove what a file's do. */
export function keptRowGroups(
  predicate: PrunePredicate,
  footer: ParquetFooter,
  source: ColumnSource,
): readonly number[] {
  const groups = footer.rowGroups
  const columns = new Map<number, readonly ReturnType<typeof columnStats>[]>()
  for (const path of fieldsOf(predicate)) {
    const field = leafOf(path)
    // A column that the metadata gives has been looked at with the file; nested ones are left to DuckDB.
    if (path.length > 1 || physicalKind(field.type) === undefined) continue
    if (source.constant(field) !== undefined) continue
    const at = source.find(field, source.columns)
    const rows = groups.map((_, group) => groupStats(footer, at, { group, field }))
    columns.set(field.id, [columnStats(rows, field.type)])
  }
  const recordCount = Float64Array.from(groups, ({ rowCount }) => rowCount)
  const stats: StatsTable = { length: groups.length, recordCount, columns }
  return [...prune(predicate, stats, selectAll(groups.length))]
}

const UNKNOWN: FooterStats = { nullCount: Number.NaN, holds: 7 }

function groupStats(
  footer: ParquetFooter,
  at: number | undefined,
  { group, field }: { readonly group: number; readonly field: ReturnType<typeof leafOf> },
): FooterStats {
  // A column added later reads as null, or as a default that this does not know.
  if (at === undefined) {
    const isNull = field.initialDefault === undefined
    return isNull ? { nullCount: footer.rowGroups[group]!.rowCount, holds: HOLDS_NULLS } : UNKNOWN
  }
  const leaf = footer.root.children[at]?.leaf
  if (leaf === undefined) return UNKNOWN
  return footerStats(footer, leaf, { type: field.type, rowGroup: group })
}
