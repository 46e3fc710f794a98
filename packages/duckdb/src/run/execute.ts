import type { DuckDBPreparedStatement, DuckDBType } from '@duckdb/node-api'
import {
  type Chunk,
  chunkRows,
  interruptible,
  isJson,
  type SqlType,
  sqlTypeOf,
} from '@spillway/rows'
import type { ConnectionShares } from '../attach/connection-shares.js'
import { thenClose } from '../connection/close-all.js'
import { transactionOf } from '../connection/transaction-of.js'
import type { QuerySqlOptions, ResultColumn } from '../share/attached-share.js'
import { boundValues } from '../sql/bound-values.js'
import { leadingWords } from '../sql/leading-words.js'
import { showInSql, showSql } from '../sql/show-as.js'
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
  /** Of the columns, where parameters decide the types alone. */
  readonly names?: readonly string[] | undefined
  /** True for a query, whose rows a table can be made of. */
  readonly isQuery: boolean
}

const SELECT = 1

/** What a statement will give, from the stubs of its tables. */
export function shapeOf(sql: string, options: ExecuteOptions): Promise<StatementShape> {
  const { shares, parameters, signal } = options
  return shares.lane(signal, async () => {
    let statement: DuckDBPreparedStatement | undefined
    try {
      statement = await shares.connection.prepare(sql)
      const isQuery =
        statement.statementType === SELECT &&
        !/^(DESCRIBE|DESC|SHOW|SUMMARIZE|PRAGMA)$/.test(leadingWords(sql, 1))
      if (parameters === undefined) return { columns: columnsOf(statement), isQuery }
      return {
        columns: undefined,
        names: isQuery ? await namesOf(sql, options) : undefined,
        isQuery,
      }
    } catch (error) {
      throw sqlError(error)
    } finally {
      statement?.destroySync()
    }
  })
}

/** A table's columns have names that differ, so those of a query are asked for before it becomes one. */
async function namesOf(sql: string, options: ExecuteOptions) {
  try {
    const chunks = await runInLane(`DESCRIBE ${sql}`, options)
    return chunks.flatMap(chunk => chunkRows(chunk).map(([name]) => String(name)))
  } catch (error) {
    if (!/Parser Error/.test(String(error))) throw error
    return undefined
  }
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
  const { shares, bindings, signal } = options
  const run = async () => {
    await show(options)
    return runInLane(sql, options)
  }
  if (bindings.length === 0) return shares.lane(signal, run)
  const alone = () => thenClose(run, () => hide(options))
  return shares.lane(signal, () => shares.owners.shut(alone))
}

/** The same for a statement of ours, which needs no files, by whoever has the lane. */
export async function runInLane(sql: string, options: ExecuteOptions): Promise<readonly Chunk[]> {
  const { shares, parameters, signal } = options
  const { values, types } = await boundValues(parameters)
  const result = await interruptible(shares.connection, signal, async () => {
    try {
      return await shares.connection.run(sql, values, types)
    } catch (error) {
      throw sqlError(error)
    }
  })
  const chunks = await result.fetchAllChunks()
  return chunks.filter(chunk => chunk.rowCount > 0)
}

/** Lets the views of a statement show its files. In the lane, and `hide` after it. */
export async function show({ shares: { session }, bindings }: ExecuteOptions): Promise<void> {
  if (bindings.length === 0) return
  const transaction = await transactionOf(session)
  // Outside of one, what is shown can always be taken back.
  if (transaction !== undefined) await session.run(showInSql(transaction))
  for (const { variable, sql } of bindings) await session.run(showSql(variable, sql))
}

export async function hide({ shares: { leftovers }, bindings }: ExecuteOptions): Promise<void> {
  for (const { variable, otherwise } of bindings) {
    await leftovers.clear(variable, showSql(variable, otherwise))
  }
  await leftovers.clear('shown in', showInSql(undefined))
}
