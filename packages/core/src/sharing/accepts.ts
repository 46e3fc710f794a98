import type { TableMetadata } from '../table/snapshot.js'

/** What a recipient can do by itself. Negotiated by the wire packages, read by `engine`. */
export interface Accepts {
  readonly features: ReadonlySet<string>
  /** Longest bitmap that may travel inside a line, 0 for none. */
  readonly inlineVectorBytes: number
  /** False for readers that refuse fixed-length bytes where the schema says binary: UUIDs among them. */
  readonly fixedBinary?: boolean
  /**
   * How it finds the columns of files of which only the footer tells what they hold; undefined, like the table itself.
   * A function of the table's metadata alone, as what it was told of the table is.
   */
  readonly lookup?: (table: TableMetadata) => ColumnLookup | undefined
  /** Moments in files that it reads as other moments; absent, none. */
  readonly misreads?: ReadonlySet<MisreadTime>
}

/**
 * `int96`: those beyond what 64 bits of nanoseconds say, where the file holds INT96; `nested_int96` all of INT96 that is not a
 * column's own, `element_int96` those that are a list's elements or lie below a map. `old_calendar`: those before 1582, or
 * 1900, in files of the hybrid calendar of Spark 2, which their footers mark. `nanos`: those in nanoseconds that are no whole number
 * of microseconds, which all that an answer can declare is in.
 */
export type MisreadTime = 'int96' | 'nested_int96' | 'element_int96' | 'old_calendar' | 'nanos'

/** How a recipient finds a table's columns in a file that it is sent as it is, and what of it it shows. */
export interface ColumnLookup {
  readonly by: 'name' | 'id'
  /**
   * By id: where a field's id is missing, the column of its physical name is read `each` time (delta-kernel), only in a
   * file without any ids (`file`), or `never` (Spark). Of a recipient that could be any of them, all must find the same.
   */
  readonly fallbacks: readonly ('each' | 'file' | 'never')[]
  /**
   * Set where it finds by id, and yet fails over a nested field that is missing, or that has another name than its physical
   * one below a column that has its own: Spark's vectorised reader.
   */
  readonly namesBelow?: true
  /** True where it shows fields of structs that the table has not (pandas). */
  readonly showsExtras: boolean
  /**
   * False where it can only read maps that may be null as they stand in a file, their fields complete and in the table's
   * order and type, and elements of lists in the table's type: delta-kernel fails otherwise.
   */
  readonly changesMaps: boolean
  /** Annotations of `ShapeNode` that it reads as the type the table declares. */
  readonly annotations: ReadonlySet<string>
  /** Those of `annotations` that it cannot read as elements of a list. */
  readonly unlisted?: ReadonlySet<string>
  /** Ids of the columns that it takes from an answer's partition values and not from a file. */
  readonly fromPartitions: ReadonlySet<number>
  /** True where it takes those from a file all the same, if the file has them too (pandas). */
  readonly prefersOwn: boolean
}
