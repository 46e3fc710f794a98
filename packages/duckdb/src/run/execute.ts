import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBType } from '@duckdb/node-api'
import { TableError, throwIfCancelled } from '@spillway/core'
import { type Chunk, type Connection, isJson, type SqlType, sqlTypeOf } from '@spillway/rows'
import { showAs } from '../attach/catalog.js'
import type { QuerySqlOptions, ResultColumn } from '../share/attached-share.js'
import { boundValues } from '../sql/bound-values.js'
import { sqlError } from '../sql/sql-error.js'

/** What a shared table's view shows for one statement, and what it shows otherwise. */
export interface ViewBinding {
  readonly variable: string
  readonly sql: string
  readonly otherwise: string | undefined
}

export interface ExecuteOptions extends QuerySqlOptions {
  readonly connection: DuckDBConnection
  readonly session: Connection
  readonly bindings: readonly ViewBinding[]
}

/** A statement before it runs. */
export interface StatementShape {
  /** Undefined where parameters decide them. */
  readonly columns: readonly ResultColumn[] | undefined
  /** True for a query, whose rows a table can be made of. */
  readonly isQuery: boolean
}

const SELECT = 1

/** What a statement will give, from the stubs of its tables. */
export async function shapeOf(
  sql: string,
  { connection, parameters }: ExecuteOptions,
): Promise<StatementShape> {
  let statement: DuckDBPreparedStatement | undefined
  try {
    statement = await connection.prepare(sql)
    const isQuery =
      statement.statementType === SELECT && !/^\s*(DESCRIBE|DESC|SHOW|SUMMARIZE)\b/i.test(sql)
    return { columns: parameters === undefined ? columnsOf(statement) : undefined, isQuery }
  } catch (error) {
    throw sqlError(error)
  } finally {
    statement?.destroySync()
  }
}

/** The columns of a table that a statement was run into. */
export async function tableColumns(
  table: string,
  { connection }: ExecuteOptions,
): Promise<readonly ResultColumn[]> {
  const statement = await connection.prepare(`FROM temp.main.${table}`)
  try {
    return columnsOf(statement)
  } finally {
    statement.destroySync()
  }
}

function columnsOf(statement: DuckDBPreparedStatement): readonly ResultColumn[] {
  return Array.from({ length: statement.columnCount }, (_, i) => ({
    name: statement.columnName(i),
    type: resultType(statement.columnType(i)),
  }))
}

function resultType(type: DuckDBType): SqlType {
  return isJson(type) ? { kind: 'scalar', name: 'JSON' } : sqlTypeOf(type)
}

/**
 * Runs a statement to its end while the views of its tables show their files: nothing else on the connection may take
 * the files of one query for a whole table. A statement that fails half-way throws, which one that is streamed does
 * not: DuckDB's client ends a stream after an error as it does after the last row.
 */
export async function execute(sql: string, options: ExecuteOptions): Promise<readonly Chunk[]> {
  const { connection, session, bindings, parameters, signal } = options
  try {
    for (const { variable, sql: relation } of bindings) await showAs(session, variable, relation)
    const result = await interruptible(connection, signal, () =>
      connection.run(sql, boundValues(parameters)),
    )
    const chunks = await result.fetchAllChunks()
    return chunks.filter(chunk => chunk.rowCount > 0)
  } finally {
    for (const { variable, otherwise } of bindings) await showAs(session, variable, otherwise)
  }
}

/** The rows of a table whose number is known: fewer of them are an error. */
export async function* tableChunks(
  table: string,
  { connection, signal }: ExecuteOptions,
): AsyncGenerator<Chunk> {
  const count = await rowCount(table, connection)
  const result = await interruptible(connection, signal, () => connection.stream(`FROM ${table}`))
  let left = count
  while (left > 0) {
    const chunk = await interruptible(connection, signal, () => result.fetchChunk())
    if (chunk === null || chunk.rowCount === 0) {
      throw new TableError(
        'INVALID_REQUEST',
        `the result stops ${left} rows before its end: another statement ran on its connection meanwhile`,
      )
    }
    left -= chunk.rowCount
    yield chunk
  }
}

export async function rowCount(table: string, connection: DuckDBConnection): Promise<number> {
  const result = await connection.run(`SELECT count(*) FROM ${table}`)
  const [row] = (await result.fetchChunk())?.getRows() ?? []
  return Number(row?.[0])
}

async function interruptible<Result>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  throwIfCancelled(signal)
  const interrupt = () => connection.interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    return await work()
  } catch (error) {
    throwIfCancelled(signal)
    throw sqlError(error)
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}
