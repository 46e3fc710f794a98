import type { Column } from '../columns/column.js'
import type { PrimitiveType } from '../schema/schema.js'
import type { ObjectMeta, ObjectStore } from '../store/object-store.js'

/**
 * One leaf of a Parquet file. Under one list or map it is repeated: row i owns elements `offsets[i]` to
 * `offsets[i + 1]` of `column` (a null and an empty list look alike). A row is null where any struct above it is.
 */
export interface ParquetLeaf {
  readonly column: Column
  readonly offsets?: Int32Array
  /** What the file says its values are, where the reader knows: an older file may be narrower than its table. */
  readonly type?: PrimitiveType
}

/** A run of rows of one row group. Leaves are found by `leafKey(path)`; a leaf that the file lacks is absent. */
export interface ParquetBatch {
  readonly rowGroup: number
  readonly length: number
  readonly leaves: ReadonlyMap<string, ParquetLeaf>
}

/** A leaf's path as a map key. Names may hold dots, so they are not joined with them. */
export function leafKey(path: readonly string[]): string {
  return path.join('\u001f')
}

/**
 * Chosen leaves of a large Parquet metadata file, read by `encoding` (decision 0010). A map's
 * leaves are spelled `[..., 'key_value', 'key']` and `[..., 'key_value', 'value']`, a list's as the file spells them.
 */
export interface ParquetReader {
  read(
    store: ObjectStore,
    file: ObjectMeta,
    options: {
      leaves: readonly (readonly string[])[]
      rowGroups?: readonly number[]
      signal?: AbortSignal | undefined
    },
  ): AsyncIterable<ParquetBatch>
}
