import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBType } from '@duckdb/node-api'
import { TableError, throwIfCancelled } from '@spillway/core'
import { type Chunk, isJson, type SqlType, sqlTypeOf } from '@spillway/rows'
import type { ConnectionShares } from '../attach/connection-shares.js'
import type { QuerySqlOptions, ResultColumn } from '../share/attached-share.js'
import { boundValues } from '../sql/bound-values.js'
import { showAs } from '../sql/show-as.js'
import { sqlError } from '../sql/sql-error.js'

/** What a shared table's view shows for one statement, and what it shows otherwise. */
export interface ViewBinding {
  readonly variable: string
  readonly sql: string
  readonly otherwise: string | undefined
}

export interface ExecuteOptions extends QuerySqlOptions {
  readonly shares: ConnectionShares
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
export function shapeOf(
  sql: string,
  { shares, parameters, signal }: ExecuteOptions,
): Promise<StatementShape> {
  return shares.lane(signal, async () => {
    let statement: DuckDBPreparedStatement | undefined
    try {
      statement = await shares.connection.prepare(sql)
      const isQuery =
        statement.statementType === SELECT &&
        !/^\s*(DESCRIBE|DESC|SHOW|SUMMARIZE|PRAGMA)\b/i.test(sql)
      return { columns: parameters === undefined ? columnsOf(statement) : undefined, isQuery }
    } catch (error) {
      throw sqlError(error)
    } finally {
      statement?.destroySync()
    }
  })
}

/** The columns of a table that a statement was run into. */
export function tableColumns(
  table: string,
  { shares, signal }: ExecuteOptions,
): Promise<readonly ResultColumn[]> {
  return shares.lane(signal, async () => {
    const statement = await shares.connection.prepare(`FROM temp.main.${table}`)
    try {
      return columnsOf(statement)
    } finally {
      statement.destroySync()
    }
  })
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
export function execute(sql: string, options: ExecuteOptions): Promise<readonly Chunk[]> {
  const { shares, bindings, parameters, signal } = options
  const { connection, session, lane } = shares
  return lane(signal, async () => {
    try {
      for (const { variable, sql: relation } of bindings) await showAs(session, variable, relation)
      const { values, types } = await boundValues(parameters)
      const result = await interruptible(connection, signal, () =>
        connection.run(sql, values, types),
      )
      const chunks = await result.fetchAllChunks()
      return chunks.filter(chunk => chunk.rowCount > 0)
    } finally {
      for (const { variable, otherwise } of bindings) await showAs(session, variable, otherwise)
    }
  })
}

/** Rows that are taken from a table at once: between two blocks, others have the connection. */
const BLOCK_ROWS = 20_480

/** The rows of a table whose number is known, in their order: fewer of them are an error. */
export async function* tableChunks(table: string, options: ExecuteOptions): AsyncGenerator<Chunk> {
  const count = await rowCount(table, options)
  for (let start = 0; start < count; start += BLOCK_ROWS) {
    const end = Math.min(count, start + BLOCK_ROWS)
    const block = `FROM ${table} WHERE rowid >= ${start} AND rowid < ${end}`
    const chunks = await execute(block, { ...options, parameters: undefined, bindings: [] })
    const found = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0)
    if (found !== end - start) {
      throw new TableError(
        'INVALID_REQUEST',
        `the result has ${found} of the rows ${start} to ${end} that it had: its temporary table was changed meanwhile`,
      )
    }
    yield* chunks
  }
}

export async function rowCount(table: string, options: ExecuteOptions): Promise<number> {
  const { shares, signal } = options
  const [row] = await shares.lane(signal, () => shares.session.all(`SELECT count(*) FROM ${table}`))
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
