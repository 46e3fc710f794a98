import type { BatchSpill, DataFile, ObjectStore, Snapshot, TableReader } from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { fileShapes } from '@spillway/encoding'
import { createBatchCache } from '@spillway/engine'
import { hudiReader } from '@spillway/hudi'
import { icebergReader } from '@spillway/iceberg'
import { parquetTableReader } from '@spillway/parquet'
import { planScan } from '@spillway/planner'
import type { SizedStore } from './overlay-store.js'
import type { BenchTable } from './tables.js'

/**
 * What a table answers, in the aspects that a change of one thing may change: which files with which deletes and logs,
 * how many rows they are said to have, in which partitions, under which schema.
 */
export interface Answer {
  readonly version: string
  readonly schema: string
  /** A line a file: its path, and what takes rows from it or adds rows to it. */
  readonly files: readonly string[]
  /** A line a file: path, rows and size, null where that is not known or is what the store says. */
  readonly counts: readonly string[]
  readonly partitions: readonly string[]
  /** Sorted, as JSON; absent where only files were asked for. */
  readonly rows?: readonly string[]
}

export const ASPECTS = ['version', 'schema', 'files', 'counts', 'partitions', 'rows'] as const
export type Aspect = (typeof ASPECTS)[number]

/** A reader that has read nothing. */
export function readerFor(table: BenchTable, store: ObjectStore, spill?: BatchSpill): TableReader {
  const cache = createBatchCache({ maxBytes: 256 * 1024 ** 2, spill })
  switch (table.format) {
    case 'delta':
      return deltaReader({ store, cache })
    case 'iceberg':
      return icebergReader({ store, cache })
    case 'hudi':
      return hudiReader({ store, cache })
    case 'parquet':
      return parquetTableReader({ store, cache, shapes: fileShapes({ store }) })
  }
}

/** Opens the table and plans it whole. Statistics of some columns are decoded too, though they are no part of the answer. */
export async function answerOf(
  table: BenchTable,
  store: SizedStore,
): Promise<{ readonly answer: Answer; readonly snapshot: Snapshot }> {
  const snapshot = await readerFor(table, store).snapshot(table.source)
  const found: DataFile[] = []
  const columns = snapshot.schema.fields.slice(0, 4).map(field => [field] as const)
  for await (const { files, selection } of planScan(snapshot)) {
    found.push(...(await files.files(selection)))
    await files.batch.readStats(columns, selection)
    await files.deletedCounts?.(selection)
  }
  return { answer: answerFrom(snapshot, found, store), snapshot }
}

function answerFrom(snapshot: Snapshot, found: readonly DataFile[], store: SizedStore): Answer {
  // A format that lists its files tells the size that a file has: a mutant's file is rightly longer or shorter.
  const listed = snapshot.format === 'hudi' || snapshot.format === 'parquet'
  const sizeOf = ({ path, size }: DataFile) =>
    listed && store.sizesOf(path).includes(size) ? null : size
  return {
    version: String(snapshot.version),
    schema: text([
      snapshot.schema.fields,
      [...snapshot.partitionSpecs.values()],
      [...snapshot.features].sort(),
    ]),
    files: found
      .map(({ path, deletes, logFiles, part, columnNames, constants }) =>
        text([
          path,
          deletes.map(deleteLine).sort(),
          logFiles.map(log => log.path),
          part ?? '',
          columnNames ? [...columnNames] : '',
          constants ? [...constants] : '',
        ]),
      )
      .sort(),
    counts: found.map(file => text([file.path, file.recordCount ?? null, sizeOf(file)])).sort(),
    partitions: found.map(file => text([file.path, file.specId, file.partition])).sort(),
  }
}

function deleteLine(file: DataFile['deletes'][number]): string {
  switch (file.kind) {
    case 'deletion-vector':
      return text([file.kind, file.id, file.bitmap, file.cardinality])
    case 'position-delete':
      return text([file.kind, file.path])
    case 'equality-delete':
      return text([file.kind, file.path, file.fieldIds])
  }
}

/** Which aspects of two answers differ. */
export function differences(clean: Answer, found: Answer): readonly Aspect[] {
  return ASPECTS.filter(aspect =>
    aspect === 'counts'
      ? !sameCounts(clean.counts, found.counts)
      : text(clean[aspect]) !== text(found[aspect]),
  )
}

/** What one of them does not know is no difference: a damaged hint may be left aside. */
function sameCounts(clean: readonly string[], found: readonly string[]): boolean {
  return (
    clean.length === found.length &&
    clean.every((line, i) => {
      const [a, b] = [JSON.parse(line), JSON.parse(found[i]!)] as unknown[][]
      return a!.every((value, j) => value === null || b![j] === null || value === b![j])
    })
  )
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return `${each}n`
    if (each instanceof Uint8Array) return `bytes:${Buffer.from(each).toString('base64')}`
    if (each instanceof Map) return [...each]
    if (typeof each === 'number' && !Number.isFinite(each)) return String(each)
    return each
  })
}
