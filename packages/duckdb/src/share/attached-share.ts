import type { FetchBytes, SharingClient, TableName } from '@spillway/client'
import type { Profile } from '@spillway/protocol'
import type { JsonRow as PlainJsonRow, PlainRow, PlainValue, Row, SqlType } from '@spillway/rows'
import type { RecordBatch, Table } from 'apache-arrow'

/** A profile as text or parsed, the path of its file, or a client that already speaks to the provider. */
export type ShareProfile = SharingClient | Profile | string

/**
 * How data files come to DuckDB. `ranges` asks for the footers and for the column chunks that a query reads, `download`
 * for whole files; neither needs an extension. `httpfs` lets DuckDB's own extension read through a loopback server that
 * holds the signed URLs. `auto` is `httpfs` where that extension is given, else `ranges`.
 */
export type ShareTransport = 'auto' | 'httpfs' | 'download' | 'ranges'

export interface AttachOptions {
  readonly transport?: ShareTransport
  /** Path of DuckDB's `httpfs.duckdb_extension`; the default is the environment's SPILLWAY_HTTPFS. */
  readonly httpfs?: string
  /** Most bytes of fetched files on the disk at one time; 8 GiB unless given. */
  readonly maxDiskBytes?: number
  /** Most requests for data at one time; fewer are made while more bring nothing. 16 unless given. */
  readonly concurrency?: number
  /** Longest silence of a data request; 60 s unless given. */
  readonly timeoutMs?: number
  /** Keeps what was fetched across queries and processes, by file id and entity tag, which each query checks once a file. */
  readonly cache?: { readonly folder: string; readonly maxBytes: number }
  /** Where files lie while a query reads them; the system's temporary folder unless given. */
  readonly folder?: string
  /** Name of the catalog that a share becomes; its own name unless given or taken. */
  readonly catalogOf?: (share: string) => string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: ScanProgress) => void
  readonly fetch?: typeof globalThis.fetch | undefined
  /** For files by signed URLs, in place of `fetch`: `nodeFetchFiles` of `@spillway/client/node` takes less of the processor. */
  readonly fetchFiles?: FetchBytes | undefined
}

/** How far the data of one query has come; sent at most a few times a second, and once at the end. */
export interface ScanProgress {
  readonly phase: 'planning' | 'fetching' | 'done'
  /** `share.schema.table` of the scan at hand. */
  readonly table: string
  readonly files: { readonly done: number; readonly total: number }
  readonly bytes: { readonly done: number; readonly total: number }
  readonly elapsedMs: number
}

export interface QuerySqlOptions {
  readonly signal?: AbortSignal | undefined
  /** Values of `?` and `$1`, or of `$name`. */
  readonly parameters?: readonly SqlParameter[] | Readonly<Record<string, SqlParameter>> | undefined
}

/**
 * Whole numbers become INTEGER or BIGINT, others DOUBLE; a bigint BIGINT or HUGEINT; a Date TIMESTAMPTZ; bytes BLOB; an array
 * a list of what holds all of its items exactly. Dates, decimals and timestamps without a zone go as text, which DuckDB
 * casts to what it is compared with.
 */
export type SqlParameter =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly SqlParameter[]

/** One table as SQL names it. */
export interface AttachedTable extends TableName {
  /** Of the catalog, which is the share's unless that name was taken. */
  readonly catalog: string
  /** `catalog.schema.table`, quoted. */
  readonly sqlName: string
}

/** Every table of a provider as `share.schema.table` in the SQL of one DuckDB connection. */
export interface AttachedShare extends AsyncDisposable {
  /** The catalog of each share, by the share's name: the same, unless it was taken. */
  readonly catalogs: ReadonlyMap<string, string>
  /** Lists the tables, a page of the provider's at a time. Nothing is asked about a table: naming it in SQL does. */
  tables(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<AttachedTable>
  /**
   * Runs SQL of any kind: shared tables, of all attachments of the connection, beside local ones. Reading a shared table in
   * any other way than through this is an error, never an empty table. Calls may overlap: those that only read run together,
   * any other when all before it are done. A result may be read at any time, also while others run.
   */
  query(sql: string, options?: QuerySqlOptions): Promise<ShareResult>
  /** What `query` would ask for, without fetching a data file. */
  explain(sql: string, options?: QuerySqlOptions): Promise<ShareExplanation>
  /** Forgets what is known of the tables, and lists the shares anew. */
  refresh(): Promise<void>
  /**
   * Stops what runs, takes the catalogs off the connection and removes what was fetched. What was never closed is removed
   * when the process ends, or, where that is killed, by the next one.
   */
  close(): Promise<void>
}

export interface ResultColumn {
  readonly name: string
  readonly type: SqlType
}

/**
 * A value of a result, nothing of it lost:
 *
 * | DuckDB | JavaScript |
 * |---|---|
 * | BOOLEAN; integers up to 32 bits, FLOAT, DOUBLE; VARCHAR, ENUM | boolean; number; string |
 * | BIGINT, UBIGINT, HUGEINT, UHUGEINT, BIGNUM | bigint |
 * | DECIMAL | string, with all digits of its scale: `12.50` |
 * | DATE | string `yyyy-MM-dd` |
 * | TIMESTAMP of every unit | string `yyyy-MM-ddTHH:mm:ss.ffffff`, nine digits of TIMESTAMP_NS |
 * | TIMESTAMPTZ | the same with `Z`: an instant, in UTC |
 * | TIME, TIME_NS, TIMETZ, INTERVAL, BIT | string |
 * | UUID; JSON | string; string, as it was written |
 * | BLOB | Uint8Array |
 * | lists and arrays; STRUCT; MAP | array; object by names, or by numbers from 1 where there are none; Map |
 *
 * Strings, since a Date has milliseconds and no more: `new Date(text)` and Temporal's `from` take them. Years past 9999 have a
 * sign and six digits, the ends of time are `infinity` and `-infinity`. UNION, GEOMETRY and VARIANT are refused: CAST them.
 */
export type ResultValue = PlainValue

/** A row by the names of its columns; of two with one name the second is `name_1`. */
export type ResultRow = PlainRow

/**
 * A row that `JSON.stringify` loses nothing of: as a `ResultRow`, but integers of 64 bits and more, NaN and infinities are
 * text, bytes base64, maps lists of `key` and `value`, and JSON is nested as it is.
 */
export type JsonRow = PlainJsonRow

/** A result that is read once, by any one of its functions. */
export interface ShareResult extends AsyncDisposable {
  readonly columns: readonly ResultColumn[]
  readonly explanation: ShareExplanation
  /** Rows as plain objects, as they come. */
  rows(): AsyncIterable<ResultRow>
  /** All of them. */
  all(): Promise<readonly ResultRow[]>
  json(): Promise<readonly JsonRow[]>
  /** Text of many lines at a time, a row of JSON each. */
  jsonLines(): AsyncIterable<string>
  arrow(): Promise<Table>
  batches(): AsyncIterable<RecordBatch>
  /**
   * Blocks of rows by position, as DuckDB computes them: decimals unscaled, dates as days and timestamps as units from
   * 1970, UUIDs as bytes. `columns` says what they are.
   */
  rawRows(): AsyncIterable<readonly Row[]>
  /** Keeps the rows in a temporary table and returns its quoted name, for more SQL on the same connection. */
  relation(): Promise<string>
  /** Gives up what was not read. */
  close(): Promise<void>
}

export interface ShareExplanation {
  readonly transport: Exclude<ShareTransport, 'auto'>
  /** One for each table (and version) that the SQL reads, in the order of the plan. */
  readonly scans: readonly ScanExplanation[]
}

export interface ScanExplanation {
  /** `share.schema.table`. */
  readonly table: string
  /** The version read, where the server says. */
  readonly version?: bigint
  /** Present for a change feed. */
  readonly changes?: { readonly start: string; readonly end?: string }
  /** What DuckDB's plan filters this table by, as DuckDB words it; absent where it reads every row. */
  readonly filter?: string
  /** What was sent to the server: SQL, all of which holds, to one that says it reads ours, else a JSON tree. */
  readonly hints: {
    readonly predicateHints?: readonly string[]
    readonly jsonPredicateHints?: string
    readonly limitHint?: number
  }
  /** Parts of the filter that no hint could carry. DuckDB applies them to the rows, as it does the rest. */
  readonly unhinted: readonly string[]
  readonly columns: { readonly read: readonly string[]; readonly all: readonly string[] }
  /** `answered` files came back; `kept` of them may match by their own statistics; `total` is the table's. */
  readonly files: { readonly kept: number; readonly answered: number; readonly total?: number }
  readonly bytes: { readonly kept: number; readonly answered: number; readonly total?: number }
  /** Of the files answered, by partition values; at most 1,000, largest first. */
  readonly partitions: readonly PartitionExplanation[]
  /** Bytes received for data files so far: footers, column chunks, deletion vectors. */
  fetchedBytes(): number
}

export interface PartitionExplanation {
  readonly values: Readonly<Record<string, string | null>>
  readonly files: number
  readonly kept: number
  readonly bytes: number
}
