/**
 * What the rest of a server must know of how a table's format keeps data (decision 0026). Each reader states it of every
 * snapshot, and nobody else asks for a format's name. What is true of single files only stands in `DataFile`.
 */
export interface FormatFacts {
  readonly columnMatching: ColumnMatching
  readonly deletes: RowDeletes
  readonly changeFeed: ChangeFeed
  readonly partitionValues: PartitionValueSource
  /**
   * What `DataFile.modificationTime` tells: when the file was written, or only when the snapshot was, which a later one
   * says otherwise of the same file. The reader guarantees of 'snapshot' that a path is never written twice.
   */
  readonly modificationTimes: 'file' | 'snapshot'
  /**
   * True where a snapshot may list a file more than once, and then has its rows as often. Absent: the reader guarantees
   * that no two live files of a snapshot have one path.
   */
  readonly mayRepeatFiles?: boolean
  /** The folder that the table's files lie below, where its location is a pattern over them. Absent: the location. */
  readonly folder?: string
  /**
   * Those of `features` that the table's own settings say are in use, where a table may declare more than that. Absent:
   * all of them are.
   */
  readonly featuresInUse?: ReadonlySet<string>
  /** True where some files hold columns that pandas shows as an index, not as columns. Absent: none is known to. */
  readonly holdsPandasIndexes?: boolean
  /** Actions of the table's own Delta log, which recipients read as they are. Absent: the table has no such log. */
  readonly deltaActions?: DeltaActions
}

/** How a table finds its columns in a data file (decision 0017). */
export type ColumnMatching =
  /** By `Field.physicalName`: exactly, or else without regard to case. */
  | { readonly by: 'name' }
  /** By `Field.id`; in files without field ids by physical name, or by the position of the column in the schema. */
  | { readonly by: 'id'; readonly withoutIds: 'name' | 'position' }
  /** By `Field.id`; in files without field ids by the names that `mapping`, JSON in Iceberg's form, gives each id. */
  | { readonly by: 'id'; readonly withoutIds: 'mapping'; readonly mapping: string }

/**
 * How the table takes rows away from a data file that stays in it.
 * - 'none': it never does, and a file of the table is all live.
 * - 'delta-vectors': by deletion vectors as Delta stores them, at most one a file. A recipient of Delta is sent them as
 *   they are. They belong to a file's entry, so all snapshots that share a batch agree on them.
 * - 'delete-files': by files of positions, of keys, or of vectors, which apply to a data file in one snapshot and need
 *   not in the next. Recipients get vectors that a row resolver makes of them.
 * - 'log-files': by logs beside a base file, which change and add rows too. The snapshot merges them (`mergedLogs`).
 */
export type RowDeletes = 'none' | 'delta-vectors' | 'delete-files' | 'log-files'

/**
 * Row-level changes between versions, which `TableReader.changes` gives.
 * - 'none': the table promises none; files that it added and removed may be had all the same.
 * - 'recorded': the table's writers record them, in files of their own where they must.
 * - 'compared': they are what two versions' files differ in, parts of files among them, which only vectors can say.
 */
export type ChangeFeed = 'none' | 'recorded' | 'compared'

/**
 * Where values of identity partition columns come from.
 * - 'metadata': `DataFile.partition` has them all, and counts where a file holds such a column too.
 * - 'files': every data file holds its partition columns.
 * - 'files-or-metadata': some files lack them; a file's own column counts where there is one, else the metadata.
 */
export type PartitionValueSource = 'metadata' | 'files' | 'files-or-metadata'

/** Actions of a Delta log as JSON, byte for byte. */
export interface DeltaActions {
  readonly protocol: string
  readonly metaData: string
}
