import {
  BytesBuilder,
  type FileBatch,
  type FileBatchHandle,
  type Schema,
  type Selection,
  type Snapshot,
  type StatsTable,
  unknownStats,
} from '@spillway/core'
import { formatFacts } from '@spillway/testkit'

/** Files of one batch, with the statistics that are at hand and what reading statistics adds. */
export interface MemoryBatch {
  readonly paths: readonly string[]
  readonly keys?: readonly bigint[]
  readonly atHand?: StatsTable
  readonly read?: StatsTable
  readonly summary?: StatsTable
  readonly live?: Selection
  /** Deleted rows by file; absent means none. */
  readonly deleted?: readonly number[]
  readonly fileCount?: number
  /** Called when the batch is loaded. */
  readonly onLoad?: (signal: AbortSignal | undefined) => Promise<void> | void
}

/** A snapshot whose files exist in memory only. */
export function memorySnapshot(schema: Schema, batches: readonly MemoryBatch[]): Snapshot {
  return {
    format: 'parquet',
    ...formatFacts('parquet'),
    tableId: 'memory',
    version: 1n,
    timestamp: 0,
    schema,
    partitionSpecs: new Map(),
    properties: new Map(),
    features: new Set(),
    native: { format: 'parquet' },
    source: { location: 'memory:///table' },
    files: { handles: batches.map(handleOf), summaries: concatSummaries(batches) },
  }
}

function handleOf(source: MemoryBatch): FileBatchHandle {
  const batch = fileBatch(source)
  const { deleted } = source
  return {
    fileCount: source.fileCount ?? source.paths.length,
    async load(signal) {
      await source.onLoad?.(signal)
      return {
        batch,
        live: source.live ?? Uint32Array.from(source.paths.keys()),
        files: async () => [],
        ...(deleted === undefined
          ? {}
          : { deletedCounts: async rows => Float64Array.from(rows, row => deleted[row]!) }),
      }
    },
  }
}

function fileBatch({ paths, keys, atHand, read }: MemoryBatch): FileBatch {
  const path = new BytesBuilder()
  for (const each of paths) path.append(each)
  const stats = atHand ?? unknownStats(paths.length)
  return {
    length: paths.length,
    byteLength: 0,
    path: path.finish(),
    size: new Float64Array(paths.length).fill(1),
    key: BigUint64Array.from(keys ?? paths.map((_, index) => BigInt(index))),
    stats,
    readStats: async () => read ?? stats,
  }
}

/** Summaries of one row each, one under the other. Columns are kept only where every batch has a like one. */
function concatSummaries(batches: readonly MemoryBatch[]): StatsTable {
  const [only] = batches
  if (batches.length === 1 && only?.summary !== undefined) return only.summary
  return unknownStats(batches.length)
}
