import type { ObjectMeta, ObjectStore } from '@spillway/core'
import { decodeChunkLevels } from './parquet-chunk.js'
import { pageCodecs } from './parquet-codec.js'
import { readParquetMetadata, readRange, reportingPath } from './parquet-footer.js'
import { type LeafStream, RowAssembler } from './parquet-nested.js'
import type { ParquetFooter } from './parquet-types.js'

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
  for (const [index, group] of footer.rowGroups.entries()) {
    const streams = new Map<number, LeafStream>()
    for (const chunk of metadata.chunks(index)) {
      await codecs.prepare(chunk.codec)
      const bytes = await readRange(store, file.path, chunk, signal)
      const leaf = footer.leaves[chunk.leaf]!
      const decode = () => decodeChunkLevels(bytes, chunk, leaf, codecs)
      streams.set(chunk.leaf, { leaf, ...reportingPath(file.path, decode) })
    }
    reportingPath(file.path, () => {
      const assembler = new RowAssembler(footer.root, streams)
      for (let row = 0; row < group.rowCount; row++) rows.push(assembler.row())
    })
  }
  return { footer, rows }
}
