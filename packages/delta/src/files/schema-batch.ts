import {
  type BytesColumn,
  type ColumnStats,
  type FieldPath,
  type FileBatch,
  leafOf,
  type Selection,
  type StatsTable,
} from '@spillway/core'
import type { DeltaMetadata } from '../schema/metadata.js'
import { onlyNulls, type StatsColumn, statsColumn } from '../statistics/stats-columns.js'
import type { SharedBatch } from './batch-columns.js'

/** A shared batch as one schema sees it: statistics by that schema's field ids. */
export class SchemaBatch implements FileBatch {
  readonly base: SharedBatch
  readonly #metadata: DeltaMetadata
  #stats: StatsTable | undefined

  constructor(base: SharedBatch, metadata: DeltaMetadata) {
    this.base = base
    this.#metadata = metadata
  }

  get length(): number {
    return this.base.length
  }

  get byteLength(): number {
    return this.base.byteLength
  }

  get path(): BytesColumn {
    return this.base.paths.column
  }

  pathAt(row: number): Uint8Array {
    return this.base.paths.bytes(row)
  }

  pathParts(): Iterable<BytesColumn> {
    return this.base.paths.parts()
  }

  get size(): Float64Array {
    return this.base.size
  }

  get key(): BigUint64Array {
    return this.base.key
  }

  get stats(): StatsTable {
    this.#stats ??= this.#partitionStats()
    return this.#stats
  }

  async readStats(
    fields: readonly FieldPath[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<StatsTable> {
    const { stats } = this
    const columns = new Map<number, readonly ColumnStats[]>(stats.columns)
    const asked: { readonly id: number; readonly column: StatsColumn }[] = []
    for (const path of fields) {
      const leaf = leafOf(path)
      if (columns.has(leaf.id)) continue
      if (this.#metadata.traits.get(leaf.id)?.alwaysNull)
        columns.set(leaf.id, [onlyNulls(this.length)])
      else asked.push({ id: leaf.id, column: statsColumn(path, this.#metadata) })
    }
    if (asked.length === 0) return { ...stats, columns }
    const read = await this.base.columnStats(
      asked.map(({ column }) => column),
      rows,
      signal,
    )
    asked.forEach(({ id }, index) => {
      columns.set(id, [read[index]!])
    })
    return { ...stats, columns }
  }

  #partitionStats(): StatsTable {
    const columns = new Map<number, readonly ColumnStats[]>()
    for (const field of this.#metadata.partitionFields) {
      const { stats } = this.base.partitions.typed(field, this.#metadata)
      const unordered = this.#metadata.traits.get(field.id)?.unordered === true
      // A partition column is never read from the file, so the file's statistics say nothing about it.
      columns.set(field.id, [unordered ? withoutBounds(stats) : stats])
    }
    return { length: this.length, recordCount: this.base.recordCount, columns }
  }
}

/** What is proved of CHAR(n) and collated strings, whose equal values may be spelled differently. */
function withoutBounds({ lower: _, upper: __, ...stats }: ColumnStats): ColumnStats {
  return stats
}
