import {
  type ColumnStats,
  isPrimitive,
  leafKey,
  type ParquetBatch,
  readValue,
} from '@spillway/core'
import type { ParquetFooter, ParquetLeafInfo } from '@spillway/encoding'
import { type Side, typedBound } from './bound-value.js'
import { NumberLeaf } from './leaf-access.js'
import { findLeaf, type LeafPath } from './row-group.js'
import { ColumnStatsBuilder, type StatsColumn } from './stats-columns.js'

export const STRUCT_STATS: LeafPath = ['add', 'stats_parsed']
export const STRUCT_RECORDS: LeafPath = [...STRUCT_STATS, 'numRecords']

/** Where `stats_parsed` keeps one kind of statistics of a column. PROTOCOL.md, "Checkpoint Schema". */
export function structLeaf(
  kind: 'minValues' | 'maxValues' | 'nullCount',
  column: StatsColumn,
): LeafPath {
  return [...STRUCT_STATS, kind, ...column.physicalPath]
}

/** The leaves to read for a column, as far as the file has them. */
export function structLeaves(footer: ParquetFooter, column: StatsColumn): readonly LeafPath[] {
  return (['minValues', 'maxValues', 'nullCount'] as const)
    .map(kind => structLeaf(kind, column))
    .filter(path => findLeaf(footer, path) !== undefined)
}

/** Fills statistics of one column from the struct of a checkpoint, batch after batch. */
export class StructColumnReader {
  readonly #column: StatsColumn
  readonly #footer: ParquetFooter
  readonly #builder: ColumnStatsBuilder

  constructor(column: StatsColumn, footer: ParquetFooter, length: number) {
    this.#column = column
    this.#footer = footer
    this.#builder = new ColumnStatsBuilder(column.rules, length)
  }

  /** `rows` and `at` go together: batch row `at[i]` of the Parquet batch is row `rows[i]` of ours. */
  read(batch: ParquetBatch, rows: readonly number[] | Uint32Array, at: Uint32Array): void {
    this.#bounds(batch, 'lower', rows, at)
    this.#bounds(batch, 'upper', rows, at)
    const nulls = new NumberLeaf(batch, structLeaf('nullCount', this.#column))
    const records = new NumberLeaf(batch, STRUCT_RECORDS)
    for (let i = 0; i < rows.length; i++) {
      const count = nulls.at(at[i]!)
      if (count === undefined) continue
      this.#builder.countNulls(rows[i]!, count, records.at(at[i]!) ?? Number.NaN)
    }
  }

  finish(): ColumnStats {
    return this.#builder.finish()
  }

  #bounds(
    batch: ParquetBatch,
    side: Side,
    rows: readonly number[] | Uint32Array,
    at: Uint32Array,
  ): void {
    const target = side === 'lower' ? this.#builder.lower : this.#builder.upper
    const path = structLeaf(side === 'lower' ? 'minValues' : 'maxValues', this.#column)
    const leaf = batch.leaves.get(leafKey(path))
    const type = leaf?.type ?? this.#typeOf(path)
    if (target === undefined || leaf === undefined || type === undefined) return
    for (let i = 0; i < rows.length; i++) {
      const value = readValue(leaf.column, at[i]!, type)
      if (value === null) continue
      const bound = typedBound(value, type, this.#column.rules, side)
      if (bound !== null) target.set(rows[i]!, bound)
    }
  }

  #typeOf(path: LeafPath): ParquetLeafInfo['type'] | undefined {
    const type = findLeaf(this.#footer, path)?.type
    return type !== undefined && isPrimitive(type) ? type : undefined
  }
}
