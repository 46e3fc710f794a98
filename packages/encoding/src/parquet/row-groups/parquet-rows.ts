import {
  budgetsOf,
  inSlices,
  type ObjectMeta,
  type ObjectStore,
  requireWithin,
  Slices,
  type Steps,
} from '@spillway/core'
import { Inflation } from '../../compression/inflation.js'
import { readRange } from '../footer/footer-bytes.js'
import { reportingPath } from '../footer/parquet-error.js'
import { readParquetMetadata } from '../footer/parquet-footer.js'
import type { ParquetFooter } from '../footer/parquet-metadata.js'
import { pageCodecs } from '../pages/parquet-codec.js'
import { decodeChunkLevels } from './parquet-chunk.js'
import { type LeafStream, RowAssembler } from './record-assembly.js'

/** What a row takes as an array, and each value in it. */
const VALUE_BYTES = 16

/**
 * Whole rows of a small Parquet file, nested columns included: one value a top-level column, in the file's order.
 * For metadata and logs; a large file is read as columns.
 */
export async function readParquetRows(
  store: ObjectStore,
  file: ObjectMeta,
  signal?: AbortSignal,
): Promise<{ readonly footer: ParquetFooter; readonly rows: readonly (readonly unknown[])[] }> {
  const codecs = pageCodecs()
  const metadata = await readParquetMetadata(store, file, signal)
  const { footer } = metadata
  const rows: (readonly unknown[])[] = []
  const budgets = budgetsOf(store)
  const { path } = file
  for (const [index, group] of footer.rowGroups.entries()) {
    const what = `row group ${index}`
    requireWithin(budgets, 'rows', { what, observed: group.rowCount, unit: 'rows', path })
    const room = new Inflation(budgets, { what, storedBytes: file.size, path })
    room.take(group.rowCount * (1 + footer.leaves.length) * VALUE_BYTES)
    const streams = new Map<number, LeafStream>()
    const slices = new Slices()
    for (const chunk of metadata.chunks(index)) {
      await codecs.prepare(chunk.codec)
      const bytes = await readRange(store, file, chunk, signal)
      const leaf = footer.leaves[chunk.leaf]!
      const pages = decodeChunkLevels(bytes, chunk, leaf, { codecs, room, budgets })
      const found = await inSlices(pages, slices, next => reportingPath(file.path, next))
      streams.set(chunk.leaf, { leaf, ...found })
    }
    const assembled = assembledRows(footer, streams, group.rowCount)
    for (const row of await inSlices(assembled, slices, next => reportingPath(file.path, next))) {
      rows.push(row)
    }
  }
  return { footer, rows }
}

/** Values that are put together at once: some tenths of a millisecond. */
const VALUES_IN_A_STEP = 4096

function* assembledRows(
  { root, leaves }: ParquetFooter,
  streams: ReadonlyMap<number, LeafStream>,
  count: number,
): Steps<readonly (readonly unknown[])[]> {
  const assembler = new RowAssembler(root, streams)
  const atOnce = Math.ceil(VALUES_IN_A_STEP / Math.max(1, leaves.length))
  const rows: (readonly unknown[])[] = []
  while (rows.length < count) {
    rows.push(assembler.row())
    if (rows.length % atOnce === 0) yield
  }
  return rows
}
