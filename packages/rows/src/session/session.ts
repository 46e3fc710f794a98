import type { DuckDBConnection } from '@duckdb/node-api'
import { Slices, TableError, throwIfCancelled } from '@spillway/core'
import { isJson, type SqlType, sqlTypeOf } from '../sql/sql-type.js'
import { type Chunk, chunkRows } from '../values/chunk-rows.js'
import type { Json } from '../values/json.js'
import type { Row } from '../values/row.js'
import { variantJson } from '../values/variant-json.js'
import { sqlErrorOf, tableErrorOf } from './duckdb-error.js'
import { interruptible } from './interruptible.js'
import { type PairAppender, pairAppender } from './pair-appender.js'

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

/** A session on a connection that somebody else opened, and closes. */
export function sessionOn(connection: DuckDBConnection): Connection {
  return new Session(connection)
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

  #interruptible<T>(
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    errorOf = tableErrorOf,
  ): Promise<T> {
    const told = () => work().catch(error => Promise.reject(errorOf(error)))
    return interruptible(this.#connection, signal, told)
  }
}
