import { type ColumnStats, leafKey, type ParquetBatch, readValue, type Value } from '@spillway/core'
import { type Side, typedBound } from '../statistics/bound-value.js'
import { ColumnStatsBuilder, type StatsColumn } from '../statistics/stats-columns.js'
import { NumberLeaf } from './leaf-values.js'
import { type CheckpointFile, findLeaf, type LeafPath } from './row-group.js'

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
export function structLeaves(source: CheckpointFile, column: StatsColumn): readonly LeafPath[] {
  return (['minValues', 'maxValues', 'nullCount'] as const)
    .map(kind => structLeaf(kind, column))
    .filter(path => findLeaf(source, path) !== undefined)
}

/** Fills statistics of one column from the struct of a checkpoint, batch after batch. */
export class StructColumnReader {
  readonly #column: StatsColumn
  readonly #source: CheckpointFile
  readonly #builder: ColumnStatsBuilder

  constructor(column: StatsColumn, source: CheckpointFile, length: number) {
    this.#column = column
    this.#source = source
    this.#builder = new ColumnStatsBuilder(column.rules, length)
  }

  /** `rows` and `at` go together: batch row `at[i]` of the Parquet batch is row `rows[i]` of ours. */
  read(batch: ParquetBatch, rows: Uint32Array, at: Uint32Array): void {
    const lower = this.#bound(batch, 'lower')
    const upper = this.#bound(batch, 'upper')
    const nulls = new NumberLeaf(batch, structLeaf('nullCount', this.#column))
    const records = new NumberLeaf(batch, STRUCT_RECORDS)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const count = records.at(at[i]!) ?? Number.NaN
      this.#builder.setBounds(row, lower(at[i]!), upper(at[i]!), count)
      this.#builder.setNulls(row, nulls.at(at[i]!) ?? Number.NaN, count)
    }
  }

  finish(): ColumnStats {
    return this.#builder.finish()
  }

  /** Reads one side of the column from a batch; always null where the file does not have it. */
  #bound(batch: ParquetBatch, side: Side): (row: number) => Value | null {
    const path = structLeaf(side === 'lower' ? 'minValues' : 'maxValues', this.#column)
    const leaf = batch.leaves.get(leafKey(path))
    const type = leaf?.type ?? findLeaf(this.#source, path)?.type
    if (!this.#builder.hasBounds || leaf === undefined || type === undefined) return () => null
    return row => {
      const value = readValue(leaf.column, row, type)
      return value === null ? null : typedBound(value, type, this.#column.rules, side)
    }
  }
}
