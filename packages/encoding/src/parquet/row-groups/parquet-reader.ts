import type { ParquetReader } from '@spillway/core'
import { pageCodecs } from '../pages/parquet-codec.js'
import { readRowGroups } from './parquet-row-groups.js'

/**
 * Chosen leaves of a Parquet file, decoded page by page straight into columns. Only the byte ranges of those leaves
 * are fetched, a row group at a time.
 */
export function parquetReader(): ParquetReader {
  const codecs = pageCodecs()
  return { read: (store, file, options) => readRowGroups({ store, file, codecs }, options) }
}
