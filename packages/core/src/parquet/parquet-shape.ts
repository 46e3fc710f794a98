import type { DataType } from '../schema/schema.js'
import type { TableSource } from '../store/table-source.js'

/** A column of a Parquet file, or a field below one, as the file's footer describes it. */
export interface ShapeNode {
  readonly name: string
  /** Its place in the footer's list of schema elements, by which an edit names it. */
  readonly element?: number
  readonly fieldId?: number | undefined
  readonly kind: 'leaf' | 'struct' | 'list' | 'map'
  /** Of a leaf: what its values are; absent where no type of ours says it. */
  readonly type?: DataType
  /** Set where plain readers see another type than `type` in a leaf: `uint8`, `float16`, `null`, `enum`, `int96`, ... */
  readonly annotation?: string
  /** Of a map: set where the footer counts no null and no empty one. */
  readonly neverNull?: true
  /** Set for a column that pandas takes for the index of a frame, and not for a column, by the footer's own words. */
  readonly isIndex?: true
  /** A struct's fields; a list's element; a map's key and value. */
  readonly children: readonly ShapeNode[]
}

/** What a footer says about a file besides its values. One object for all files that agree. */
export interface ParquetShape {
  readonly columns: readonly ShapeNode[]
  /** False where no node has a field id. */
  readonly hasFieldIds: boolean
  /** Set where the footer counts no row. */
  readonly isEmpty?: true
}

/** A change to a footer's schema: the new name of an element, or null to leave it out with all that is below it. */
export type FooterEdit = readonly [element: number, name: string | null]

/** Shapes of data files, from their footers. */
export interface FileShapes {
  /**
   * One shape a file, in order. A footer is read once, many at a time, and known by its file's path and size from then on.
   * Fails with TABLE_CORRUPT where a file is missing or no Parquet file, with UNSUPPORTED_FEATURE where it is encrypted.
   */
  of(
    files: readonly { readonly path: string; readonly size: number }[],
    signal?: AbortSignal,
  ): Promise<readonly ParquetShape[]>
  /** Shapes of the files of one table, none other of which is read. `folder`: see `TableRootsOptions`. */
  within?(source: TableSource, folder?: string): FileShapes
  /** How long `file` is under the footer that `edits` make of its own. */
  viewedSize?(
    file: { readonly path: string; readonly size: number },
    edits: readonly FooterEdit[],
    signal?: AbortSignal,
  ): Promise<number>
}
