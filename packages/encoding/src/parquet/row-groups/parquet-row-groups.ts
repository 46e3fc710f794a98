import {
  budgetsOf,
  type Column,
  inSlices,
  type ObjectMeta,
  type ObjectStore,
  type ParquetBatch,
  type ParquetLeaf,
  requireWithin,
  Slices,
  throwIfCancelled,
} from '@spillway/core'
import { Inflation } from '../../compression/inflation.js'
import { readRange } from '../footer/footer-bytes.js'
import { badParquet, reportingPath } from '../footer/parquet-error.js'
import { readParquetMetadata } from '../footer/parquet-footer.js'
import type { ParquetChunk, ParquetMetadata } from '../footer/parquet-metadata.js'
import type { PageCodecs } from '../pages/parquet-codec.js'
import { decodeChunk } from './parquet-chunk.js'
import { leafIndex } from './parquet-paths.js'

/** Reading over a gap of this size costs less than another request. */
const MAX_GAP = 64 * 1024
const MAX_READ = 64 * 1024 * 1024
const CONCURRENT_READS = 4
/** A batch of files may have no more rows (see FileBatch). Divisible by 8, so that bitmaps can be cut. */
const MAX_BATCH_ROWS = 1 << 20

export interface ReadOptions {
  readonly leaves: readonly (readonly string[])[]
  readonly rowGroups?: readonly number[]
  readonly signal?: AbortSignal | undefined
}

/** One batch per row group, or several for row groups of more than 2^20 rows. */
export async function* readRowGroups(
  source: { readonly store: ObjectStore; readonly file: ObjectMeta; readonly codecs: PageCodecs },
  options: ReadOptions,
): AsyncGenerator<ParquetBatch, void, undefined> {
  const { path } = source.file
  const metadata = await readParquetMetadata(source.store, source.file, options.signal)
  const wanted = leafIndex(metadata.footer, options.leaves)
  const rowGroups = options.rowGroups ?? metadata.footer.rowGroups.keys()
  for (const rowGroup of rowGroups) {
    throwIfCancelled(options.signal)
    const group = metadata.footer.rowGroups[rowGroup]
    if (group === undefined) {
      throw badParquet(path, `row group ${rowGroup} of ${metadata.footer.rowGroups.length}`)
    }
    // Where no leaf is read, nothing else would hold the footer to its claim.
    const observed = group.rowCount
    const what = `row group ${rowGroup}`
    requireWithin(budgetsOf(source.store), 'rows', { what, observed, unit: 'rows', path })
    const leaves = await readLeaves(source, metadata, { rowGroup, wanted, ...signalOf(options) })
    yield* cutBatches({ rowGroup, length: group.rowCount, leaves })
  }
}

function signalOf(options: { readonly signal?: AbortSignal | undefined }): {
  signal?: AbortSignal | undefined
} {
  return options.signal === undefined ? {} : { signal: options.signal }
}

async function readLeaves(
  source: { readonly store: ObjectStore; readonly file: ObjectMeta; readonly codecs: PageCodecs },
  metadata: ParquetMetadata,
  options: {
    readonly rowGroup: number
    readonly wanted: ReadonlyMap<string, number>
    readonly signal?: AbortSignal | undefined
  },
): Promise<ReadonlyMap<string, ParquetLeaf>> {
  const { file, codecs } = source
  const all = metadata.chunks(options.rowGroup)
  const chunks = [...new Set(options.wanted.values())].map(leaf => all[leaf]!)
  for (const chunk of chunks) {
    if (chunk.end > file.size) {
      throw badParquet(file.path, `a column chunk ends at ${chunk.end} of ${file.size} bytes`)
    }
    await codecs.prepare(chunk.codec)
  }
  const rowCount = metadata.footer.rowGroups[options.rowGroup]!.rowCount
  const budgets = budgetsOf(source.store)
  const what = `row group ${options.rowGroup}`
  const room = new Inflation(budgets, { what, storedBytes: file.size, path: file.path })
  const decoded = new Map<number, ParquetLeaf>()
  const slices = new Slices()
  for await (const { chunk, bytes } of readChunks(source, chunks, options.signal)) {
    const leaf = metadata.footer.leaves[chunk.leaf]!
    const pages = decodeChunk(bytes, chunk, leaf, { rowCount, codecs, room, budgets })
    const found = await inSlices(pages, slices, next => reportingPath(file.path, next))
    decoded.set(chunk.leaf, found)
  }
  return new Map([...options.wanted].map(([key, leaf]) => [key, decoded.get(leaf)!]))
}

interface Span {
  readonly start: number
  readonly end: number
  readonly chunks: readonly ParquetChunk[]
}

/** Bytes of each chunk; neighbours come in one request, and a few requests are under way at a time. */
async function* readChunks(
  { store, file }: { readonly store: ObjectStore; readonly file: ObjectMeta },
  chunks: readonly ParquetChunk[],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly chunk: ParquetChunk; readonly bytes: Uint8Array }, void, undefined> {
  const spans = spansOf(chunks)
  for (let first = 0; first < spans.length; first += CONCURRENT_READS) {
    const some = spans.slice(first, first + CONCURRENT_READS)
    const read = await Promise.all(some.map(span => readRange(store, file, span, signal)))
    for (const [i, span] of some.entries()) {
      for (const chunk of span.chunks) {
        yield { chunk, bytes: read[i]!.subarray(chunk.start - span.start, chunk.end - span.start) }
      }
    }
  }
}

function spansOf(chunks: readonly ParquetChunk[]): readonly Span[] {
  const spans: Span[] = []
  for (const chunk of [...chunks].sort((a, b) => a.start - b.start)) {
    const last = spans.at(-1)
    const end = Math.max(last?.end ?? 0, chunk.end)
    if (last !== undefined && chunk.start - last.end <= MAX_GAP && end - last.start <= MAX_READ) {
      spans[spans.length - 1] = { start: last.start, end, chunks: [...last.chunks, chunk] }
    } else {
      spans.push({ start: chunk.start, end: chunk.end, chunks: [chunk] })
    }
  }
  return spans
}

/** A row group as batches of at most 2^20 rows, which share its buffers. */
export function* cutBatches(batch: ParquetBatch): Generator<ParquetBatch, void, undefined> {
  if (batch.length <= MAX_BATCH_ROWS) {
    if (batch.length > 0) yield batch
    return
  }
  for (let start = 0; start < batch.length; start += MAX_BATCH_ROWS) {
    const end = Math.min(batch.length, start + MAX_BATCH_ROWS)
    const leaves = [...batch.leaves].map(([key, leaf]) => [key, cutLeaf(leaf, start, end)] as const)
    yield { rowGroup: batch.rowGroup, length: end - start, leaves: new Map(leaves) }
  }
}

/** Elements of a repeated leaf keep their places; only the rows' offsets into them are cut. */
function cutLeaf(leaf: ParquetLeaf, start: number, end: number): ParquetLeaf {
  if (leaf.offsets !== undefined) return { ...leaf, offsets: leaf.offsets.subarray(start, end + 1) }
  return { ...leaf, column: cutColumn(leaf.column, start, end) }
}

function cutColumn(column: Column, start: number, end: number): Column {
  const { validity } = column
  const cut = validity && { validity: validity.subarray(start >> 3, (end + 7) >> 3) }
  switch (column.kind) {
    case 'bytes':
      return { ...column, offsets: column.offsets.subarray(start, end + 1), ...cut }
    case 'dictionary':
      return { ...column, codes: column.codes.subarray(start, end), ...cut }
    default:
      return { ...column, values: column.values.subarray(start, end), ...cut } as Column
  }
}
