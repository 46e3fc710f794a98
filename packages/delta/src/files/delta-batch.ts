import {
  type BytesColumn,
  type ColumnStats,
  columnByteLength,
  type FileBatch,
  type FoldedPaths,
  type Selection,
  type StatsTable,
  selectAll,
  throwIfCancelled,
  unknownStats,
} from '@spillway/core'
import { identityBytes } from '../actions/file-key.js'
import type { PartitionColumns } from '../partitions/partition-columns.js'
import type { DeltaMetadata } from '../schema/metadata.js'
import type { StatsColumn } from '../statistics/stats-columns.js'
import type { BatchColumns, SharedBatch } from './batch-columns.js'
import { type PackedNumbers, packedBytes } from './packed-numbers.js'
import { type KeptColumns, KeptStatistics, type RawStatistics } from './raw-statistics.js'
import { SchemaBatch } from './schema-batch.js'
import type { VectorColumns } from './vector-columns.js'

interface DecodedStats {
  readonly stats: Promise<ColumnStats>
  /** Rows it was decoded for; undefined means all. */
  readonly rows: Selection | undefined
}

/** Rows that take some milliseconds at each look at them. */
export const MANY_ROWS = 1 << 17

/**
 * Adds as columns, under no schema: what is cached and shared. `under` gives the batch as one schema sees it, since
 * the id of a Delta column may be another's in a later version.
 */
export class DeltaBatch implements FileBatch, SharedBatch {
  readonly length: number
  readonly paths: FoldedPaths
  readonly size: Float64Array
  readonly modificationTime: PackedNumbers
  /** The earliest modification time that is known of any file, removed ones too; infinite where none is. */
  readonly oldest: number
  readonly recordCount: Float64Array
  readonly key: BigUint64Array
  readonly partitions: PartitionColumns
  readonly vectors: VectorColumns | undefined
  readonly raw: RawStatistics
  readonly #location: string
  readonly #decoded = new Map<string, DecodedStats>()
  readonly #views = new WeakMap<DeltaMetadata, SchemaBatch>()
  #decodedBytes = 0

  constructor(columns: BatchColumns) {
    this.length = columns.length
    this.#location = columns.location
    this.paths = columns.paths
    this.size = columns.size
    this.modificationTime = columns.modificationTime
    this.oldest = columns.oldest
    this.recordCount = columns.recordCount
    this.key = columns.key
    this.partitions = columns.partitions
    this.vectors = columns.vectors
    this.raw = columns.raw
  }

  get byteLength(): number {
    return (
      this.paths.byteLength +
      this.length * 24 +
      packedBytes(this.modificationTime) +
      this.partitions.byteLength +
      (this.vectors?.byteLength ?? 0) +
      this.raw.byteLength +
      this.#decodedBytes
    )
  }

  get path(): BytesColumn {
    return this.paths.column
  }

  pathAt(row: number): Uint8Array {
    return this.paths.bytes(row)
  }

  pathParts(): Iterable<BytesColumn> {
    return this.paths.parts()
  }

  under(metadata: DeltaMetadata): SchemaBatch {
    let view = this.#views.get(metadata)
    if (view === undefined) {
      view = new SchemaBatch(this, metadata)
      this.#views.set(metadata, view)
    }
    return view
  }

  /** What tells this file from others, for when two keys are equal. */
  identity(row: number): Uint8Array {
    return identityBytes(this.#location, this.pathAt(row), this.vectors?.at(row))
  }

  keptColumns(): KeptColumns {
    if (this.raw instanceof KeptStatistics) return this.raw.columns
    throw new TypeError('only batches of commits are folded')
  }

  /** Record counts only: columns have no ids without a schema. */
  get stats(): StatsTable {
    return { ...unknownStats(this.length), recordCount: this.recordCount }
  }

  async readStats(): Promise<StatsTable> {
    return this.stats
  }

  /** Each column decoded once, or twice where few rows were asked first; concurrent callers share the work. */
  async columnStats(
    columns: readonly StatsColumn[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<readonly ColumnStats[]> {
    const missing = columns.filter(column => !covers(this.#decoded.get(column.key), rows))
    throwIfCancelled(signal)
    if (missing.length > 0) this.#decode(missing, rows)
    return Promise.all(columns.map(column => this.#decoded.get(column.key)!.stats))
  }

  /** Starts the decoding, which is not cancelled with the caller: others may be waiting for the same columns. */
  #decode(columns: readonly StatsColumn[], rows: Selection): void {
    const again = columns.some(column => this.#decoded.has(column.key))
    const whole = again || rows.length * 4 >= this.length
    const wanted = whole ? selectAll(this.length) : rows
    const reading = this.raw.stats(columns, wanted)
    columns.forEach((column, index) => {
      const stats = reading.then(all => all[index]!)
      const entry = { stats, rows: whole ? undefined : rows }
      this.#decoded.set(column.key, entry)
      stats.then(
        done => {
          this.#decodedBytes += statsByteLength(done)
        },
        // A read that failed is not remembered: the next caller tries again.
        () => {
          if (this.#decoded.get(column.key) === entry) this.#decoded.delete(column.key)
        },
      )
    })
  }
}

function covers(decoded: DecodedStats | undefined, rows: Selection): boolean {
  if (decoded === undefined) return false
  return decoded.rows === undefined || isSubset(rows, decoded.rows)
}

/** True where `of` has all of `rows`; both ascend. */
function isSubset(rows: Selection, of: Selection): boolean {
  let at = 0
  for (let i = 0; i < rows.length; i++) {
    while (at < of.length && of[at]! < rows[i]!) at++
    if (at >= of.length || of[at] !== rows[i]) return false
  }
  return true
}

function statsByteLength(stats: ColumnStats): number {
  return (
    (stats.holds?.byteLength ?? 0) +
    (stats.nullCount?.byteLength ?? 0) +
    (stats.lower === undefined ? 0 : columnByteLength(stats.lower)) +
    (stats.upper === undefined ? 0 : columnByteLength(stats.upper))
  )
}
