import { rm } from 'node:fs/promises'
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBType,
  DuckDBValue,
} from '@duckdb/node-api'
import { Slices, TableError, throwIfCancelled } from '@spillway/core'
import { sqlErrorOf, tableErrorOf } from './duckdb-error.js'
import type { Json } from './json.js'
import { type PairAppender, pairAppender } from './pair-appender.js'
import { scratchFolder, sweepScratch } from './scratch-folder.js'
import { isJson, type SqlType, sqlTypeOf } from './sql-type.js'
import { variantJson } from './variant-json.js'

/** A block of rows as DuckDB hands it over, a vector a column. */
export type Chunk = DuckDBDataChunk

/** Numbers as they are, every other type as core's `Value` has it; lists as arrays, structs and map entries by position. */
export type RowValue = null | boolean | number | bigint | string | Uint8Array | readonly RowValue[]
export type Row = readonly RowValue[]

export interface DuckDbOptions {
  readonly threads?: number
  /** As DuckDB spells it: `2GB`. */
  readonly memoryLimit?: string
  /** Where it spills what exceeds the memory limit; the default is a folder of its own below the system's temporary one. */
  readonly temporaryFolder?: string
}

/** An embedded database without tables of its own: it reads files and answers. Opened at the first use. */
export interface DuckDb {
  connect(): Promise<Connection>
  /** A connection of the client library's own, for whoever brings tables to it; its owner closes it. */
  connectNative(): Promise<DuckDBConnection>
  version(): Promise<string>
  close(): Promise<void>
}

/** One session: its temporary tables are its own and end with it. */
export interface Connection {
  run(sql: string, signal?: AbortSignal): Promise<void>
  all(sql: string, signal?: AbortSignal): Promise<readonly Row[]>
  /** Chunks as they are computed; memory does not grow with the answer. */
  stream(sql: string, signal?: AbortSignal): AsyncIterable<Chunk>
  /** A whole answer as JSON, for statements whose types are not known beforehand. */
  json(sql: string, signal?: AbortSignal): Promise<SqlAnswer>
  /** The types of a query's columns, without running it. */
  types(sql: string): Promise<readonly SqlType[]>
  /** Fills a table of two BIGINT columns. */
  appender(table: string): Promise<PairAppender>
  close(): void
}

/** Numbers that JSON would round (64-bit integers, decimals) are text. */
export interface SqlAnswer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Json[])[]
}

export function duckDb(options: DuckDbOptions = {}): DuckDb {
  let opened: Promise<OpenedDuckDb> | undefined
  const instance = async () => {
    opened ??= open(options)
    return (await opened).instance
  }
  async function connectNative(): Promise<DuckDBConnection> {
    const connection = await (await instance()).connect()
    // Zone-less text and casts between the two timestamps mean UTC, whatever the machine's zone is.
    await connection.run("SET TimeZone = 'UTC'")
    // Tables have no geometry: what GeoParquet says of a column of bytes would change its type, or refuse the file.
    await connection.run('SET enable_geoparquet_conversion = false')
    return connection
  }
  return {
    connect: async () => new Session(await connectNative()),
    connectNative,
    async version() {
      const { version } = await loadDuckDb()
      return version()
    },
    async close() {
      const closing = opened
      opened = undefined
      await (await closing)?.close()
    },
  }
}

/** A session on a connection that somebody else opened, and closes. */
export function sessionOn(connection: DuckDBConnection): Connection {
  return new Session(connection)
}

async function loadDuckDb() {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'DuckDB, which reads rows, cannot be loaded on this machine: reinstall with optional dependencies',
      { cause },
    )
  }
}

interface OpenedDuckDb {
  readonly instance: DuckDBInstance
  close(): Promise<void>
}

async function open(options: DuckDbOptions): Promise<OpenedDuckDb> {
  const { DuckDBInstance } = await loadDuckDb()
  // Rows are spilled there: the default would be a folder beside whatever the current one is, and one name for all users
  // could be another's.
  const folder = options.temporaryFolder ?? (await ownFolder())
  const instance = await DuckDBInstance.create(':memory:', {
    // Nothing is fetched behind the user's back: an extension that is not built in is an error.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(options.threads !== undefined && { threads: String(options.threads) }),
    ...(options.memoryLimit !== undefined && { memory_limit: options.memoryLimit }),
    temp_directory: folder,
  })
  return {
    instance,
    async close() {
      instance.closeSync()
      if (options.temporaryFolder === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function ownFolder(): Promise<string> {
  await sweepScratch()
  return scratchFolder()
}

class Session implements Connection {
  readonly #connection: DuckDBConnection

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  async run(sql: string, signal?: AbortSignal): Promise<void> {
    await this.#interruptible(signal, () => this.#connection.run(sql))
  }

  async all(sql: string, signal?: AbortSignal): Promise<readonly Row[]> {
    const result = await this.#interruptible(signal, () => this.#connection.run(sql))
    const rows: Row[] = []
    const slices = new Slices()
    for (;;) {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) return rows
      for (const row of chunkRows(chunk)) rows.push(row)
      if (!slices.isOverNow) continue
      await slices.pause()
      throwIfCancelled(signal)
    }
  }

  /**
   * The client ends a stream alike after its last row, after an error and when another statement runs meanwhile: so a
   * last row of our own says that every other one came before it.
   */
  async *stream(sql: string, signal?: AbortSignal): AsyncIterable<Chunk> {
    const width = (await this.types(sql)).length
    const nulls = 'NULL, '.repeat(width)
    const ended = `SELECT *, FALSE FROM (${sql}\n) UNION ALL SELECT ${nulls}TRUE`
    const result = await this.#interruptible(signal, () => this.#connection.stream(ended))
    for (let isLast = false; !isLast; ) {
      const chunk = await this.#interruptible(signal, () => result.fetchChunk())
      if (chunk === null || chunk.rowCount === 0) throw await this.#brokenStream(sql, signal)
      isLast = chunk.getColumnVector(width).getItem(chunk.rowCount - 1) === true
      if (isLast) chunk.rowCount -= 1
      Object.defineProperty(chunk, 'columnCount', { value: width })
      if (chunk.rowCount > 0) yield chunk
    }
  }

  /** A stream does not say why it ended: running the statement again does, where it was the statement's fault. */
  async #brokenStream(sql: string, signal?: AbortSignal): Promise<Error> {
    try {
      await this.run(`EXPLAIN ANALYZE ${sql}`, signal)
    } catch (error) {
      return error as Error
    }
    return new TableError('INTERNAL', 'DuckDB ended an answer before its last row')
  }

  async json(sql: string, signal?: AbortSignal): Promise<SqlAnswer> {
    const result = await this.#interruptible(signal, () => this.#connection.run(sql), sqlErrorOf)
    const documents = result.columnTypes().map(isJson)
    const rows = (await result.getRowsJson()) as Json[][]
    if (!documents.includes(true)) return { columns: result.columnNames(), rows }
    const read = (value: Json, i: number) =>
      documents[i] && typeof value === 'string' ? variantJson(value) : value
    return { columns: result.columnNames(), rows: rows.map(row => row.map(read)) }
  }

  async types(sql: string): Promise<readonly SqlType[]> {
    const result = await this.#interruptible(undefined, () =>
      this.#connection.run(`SELECT * FROM (${sql}) LIMIT 0`),
    )
    return result.columnTypes().map(sqlTypeOf)
  }

  appender(table: string): Promise<PairAppender> {
    return pairAppender(this.#connection, table)
  }

  close(): void {
    this.#connection.closeSync()
  }

  async #interruptible<T>(
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    errorOf = tableErrorOf,
  ): Promise<T> {
    throwIfCancelled(signal)
    const interrupt = () => this.#connection.interrupt()
    signal?.addEventListener('abort', interrupt, { once: true })
    try {
      return await work()
    } catch (error) {
      throwIfCancelled(signal)
      throw errorOf(error)
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }
}

/** The rows of a chunk as plain values. */
export function chunkRows(chunk: Chunk): Row[] {
  return chunk.convertRows<RowValue>((value, type, convert) => plainValue(value, type, convert))
}

type Convert = (value: DuckDBValue, type: DuckDBType, converter: Convert) => RowValue

interface Nested {
  readonly items?: readonly DuckDBValue[]
  readonly entries?:
    | Readonly<Record<string, DuckDBValue>>
    | readonly { readonly key: DuckDBValue; readonly value: DuckDBValue }[]
}

interface Scalars {
  readonly bytes?: Uint8Array
  readonly days?: number
  readonly micros?: bigint
  readonly nanos?: bigint
  readonly millis?: bigint
  readonly seconds?: bigint
  readonly value?: bigint
  readonly toUint128?: () => bigint
  readonly months?: number
  readonly offset?: number
  readonly data?: Uint8Array
}

function plainValue(value: DuckDBValue, type: DuckDBType, convert: Convert): RowValue {
  if (value === null || typeof value !== 'object') return value as RowValue
  const nested = nestedValue(value as Nested, type, convert)
  return nested ?? scalarValue(value as Scalars)
}

function nestedValue(value: Nested, type: DuckDBType, convert: Convert): RowValue | undefined {
  const types = type as {
    readonly valueType?: DuckDBType
    readonly keyType?: DuckDBType
    readonly entryNames?: readonly string[]
    readonly entryTypes?: readonly DuckDBType[]
  }
  if (value.items !== undefined) {
    return value.items.map(item => convert(item, types.valueType!, convert))
  }
  if (Array.isArray(value.entries)) {
    return value.entries.map(entry => [
      convert(entry.key, types.keyType!, convert),
      convert(entry.value, types.valueType!, convert),
    ])
  }
  if (value.entries === undefined) return undefined
  const entries = value.entries as Readonly<Record<string, DuckDBValue>>
  return types.entryNames!.map((name, i) => convert(entries[name]!, types.entryTypes![i]!, convert))
}

function scalarValue(value: Scalars): RowValue {
  // Intervals, times with a zone and bit strings: no table of ours has them, a query may. Their text is exact.
  if ((value.months ?? value.offset ?? value.data) !== undefined) return String(value)
  if (value.bytes !== undefined) return value.bytes
  if (value.days !== undefined) return value.days
  if (value.toUint128 !== undefined) return uuidBytes(value.toUint128())
  const integer = value.micros ?? value.nanos ?? value.millis ?? value.seconds ?? value.value
  if (integer !== undefined) return integer
  throw new TableError('INTERNAL', `DuckDB gave a value of an unknown kind: ${String(value)}`)
}

function uuidBytes(bits: bigint): Uint8Array {
  const bytes = new Uint8Array(16)
  let rest = bits
  for (let i = 15; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}
