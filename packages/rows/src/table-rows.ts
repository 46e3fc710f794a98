import {
  type DataFile,
  type Field,
  fencedStore,
  type ObjectStore,
  type Predicate,
  type Snapshot,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { columnSql, pathSql } from './data-files/column-sql.js'
import { localFiles } from './data-files/local-files.js'
import { DELETED } from './merge-on-read/deleted-positions.js'
import type { LivePart } from './merge-on-read/live-rows.js'
import { exactParts } from './merge-on-read/merged-rows.js'
import { type DuckDb, duckDb } from './session/duckdb.js'
import type { Connection, SqlAnswer } from './session/session.js'
import { predicateSql } from './sql/predicate-sql.js'
import { quoteName } from './sql/sql-text.js'
import { type Naming, sqlTypeText } from './sql/sql-type.js'
import { chunkRows } from './values/chunk-rows.js'
import type { Row, RowAnswer } from './values/row.js'

export interface TableRowsOptions {
  readonly store: ObjectStore
  readonly duckdb?: DuckDb
  /** Live files that may hold matching rows; the default is all of them. */
  readonly files?: (
    snapshot: Snapshot,
    where: Predicate | undefined,
    signal?: AbortSignal,
  ) => AsyncIterable<readonly DataFile[]>
  /** Most bytes copied to this machine for one statement. */
  readonly maxCopiedBytes?: number
  /** Where copies go; the default is the system's temporary folder. */
  readonly folder?: string | undefined
}

export interface RowQuery {
  readonly where?: Predicate | undefined
  /** Top-level columns by name; the default is all of them. */
  readonly columns?: readonly string[] | undefined
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Exact rows of a snapshot: every delete, vector, rename and default applied, or a refusal. */
export interface TableRows {
  count(snapshot: Snapshot, where?: Predicate, signal?: AbortSignal): Promise<bigint>
  rows(snapshot: Snapshot, query?: RowQuery): RowAnswer
  /** Any DuckDB SQL over the rows that `query` chooses, which it finds in a table named `t`. */
  sql(snapshot: Snapshot, sql: string, query?: Omit<RowQuery, 'limit'>): Promise<SqlAnswer>
}

/** Files that one statement may name. */
const FILES_AT_ONCE = 2000

/** Exact rows by DuckDB: of `options.duckdb`, whose owner closes it, or of one of its own that lives as long as the process. */
export function tableRows(options: TableRowsOptions): TableRows {
  const duckdb = options.duckdb ?? duckDb()
  return {
    count: (snapshot, where, signal) =>
      connected(duckdb, async connection => {
        const query = { where, signal }
        const read = { snapshot, connection, query }
        let total = 0n
        for await (const part of parts(options, read, 'position')) {
          total += await countPart(part, read)
        }
        return total
      }),
    rows(snapshot, query = {}) {
      const fields = chosenFields(snapshot, query.columns)
      async function* rows() {
        const connection = await duckdb.connect()
        try {
          const read = { snapshot, connection, fields, query }
          yield* rowBlocks(parts(options, read, 'position'), read)
        } finally {
          connection.close()
        }
      }
      return { fields, rows: rows() }
    },
    sql: (snapshot, sql, query = {}) =>
      connected(duckdb, async connection => {
        const read = { snapshot, connection, fields: chosenFields(snapshot, query.columns), query }
        await fillTable(parts(options, read, 'logical'), read)
        return connection.json(sql, query.signal)
      }),
  }
}

async function connected<Result>(
  duckdb: DuckDb,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await duckdb.connect()
  try {
    return await work(connection)
  } finally {
    connection.close()
  }
}

/** Parts of every batch on one connection, whose temporary tables are a part's own. */
async function* parts(
  options: TableRowsOptions,
  { snapshot, connection, query: { where, signal } }: Omit<Reading, 'fields'>,
  naming: Naming,
): AsyncGenerator<LivePart> {
  const { maxCopiedBytes, folder } = options
  const store = fencedStore(options.store, snapshot.source, snapshot.folder)
  const filesOf = options.files ?? liveFiles
  for await (const files of batches(filesOf(snapshot, where, signal))) {
    const local = localFiles(store, {
      maxBytes: maxCopiedBytes,
      folder,
    })
    const context = { snapshot, store, local, connection, signal }
    try {
      yield* exactParts(files, context, naming)
    } finally {
      await local.close()
    }
  }
}

interface Reading {
  readonly snapshot: Snapshot
  readonly connection: Connection
  readonly fields: readonly Field[]
  readonly query: RowQuery
}

/** The live rows that match, as a table named `t`. */
async function fillTable(
  parts: AsyncIterable<LivePart>,
  { snapshot, connection, fields, query }: Reading,
): Promise<void> {
  const columns = fields.map(
    ({ name, type }) => `${quoteName(name)} ${sqlTypeText(type, 'logical')}`,
  )
  // DuckDB has no table without columns.
  if (columns.length === 0) columns.push('"no columns" INTEGER')
  await connection.run(`CREATE TEMP TABLE t (${columns.join(', ')})`)
  for await (const part of parts) {
    const values = fields.map(field => columnSql(field, part.source))
    const list = values.length === 0 ? 'NULL' : values.join(', ')
    const where = whereSql(part, snapshot, query.where)
    await connection.run(`INSERT INTO t SELECT ${list} ${part.from} AND ${where}`, query.signal)
  }
}

async function* rowBlocks(
  parts: AsyncIterable<LivePart>,
  { snapshot, connection, fields, query }: Reading,
): AsyncGenerator<readonly Row[]> {
  let left = query.limit ?? Number.POSITIVE_INFINITY
  if (left <= 0) return
  for await (const part of parts) {
    const columns = fields.map((field, i) => `${columnSql(field, part.source)} AS o${i}`)
    // A table without columns still has rows.
    const list = columns.length === 0 ? 'NULL AS o0' : columns.join(', ')
    const limit = Number.isFinite(left) ? ` LIMIT ${left}` : ''
    const sql = `SELECT ${list} ${part.from} AND ${whereSql(part, snapshot, query.where)}${limit}`
    for await (const chunk of connection.stream(sql, query.signal)) {
      const rows = chunkRows(chunk)
      left -= rows.length
      yield columns.length === 0 ? rows.map(() => []) : rows
    }
    if (left <= 0) return
  }
}

async function countPart(
  part: LivePart,
  { snapshot, connection, query }: Omit<Reading, 'fields'>,
): Promise<bigint> {
  const { where, signal } = query
  if (where === undefined && !part.readsValues) return countByPositions(part, connection, signal)
  const [row] = await connection.all(
    `SELECT count(*) ${part.from} AND ${whereSql(part, snapshot, where)}`,
    signal,
  )
  return BigInt(row![0] as bigint)
}

/** Rows of the footers less the positions deleted: no row is read, however many there are. */
async function countByPositions(
  part: LivePart,
  connection: Connection,
  signal?: AbortSignal,
): Promise<bigint> {
  const total = part.rowCounts.reduce((sum, count) => sum + BigInt(count), 0n)
  if (!part.hasDeletes) return total
  const [row] = await connection.all(
    `SELECT count(*) FROM (SELECT DISTINCT file, pos FROM ${DELETED})`,
    signal,
  )
  return total - BigInt(row![0] as bigint)
}

function whereSql(part: LivePart, { schema }: Snapshot, where: Predicate | undefined): string {
  if (where === undefined) return 'TRUE'
  return `(${predicateSql(where, schema, path => pathSql(path, part.source))})`
}

function chosenFields(
  { schema }: Snapshot,
  columns: readonly string[] | undefined,
): readonly Field[] {
  if (columns === undefined) return schema.fields
  return columns.map(name => {
    const path = schema.find([name])
    if (path !== undefined) return path[0]
    throw new TableError('INVALID_REQUEST', `the table has no column ${name}`, {
      context: { column: name },
    })
  })
}

/** Every live file of the snapshot, batch by batch. */
async function* liveFiles(
  snapshot: Snapshot,
  _where?: Predicate,
  signal?: AbortSignal,
): AsyncGenerator<readonly DataFile[]> {
  for (const handle of snapshot.files.handles) {
    throwIfCancelled(signal)
    const loaded = await handle.load(signal)
    for (let start = 0; start < loaded.live.length; start += FILES_AT_ONCE) {
      yield await loaded.files(loaded.live.subarray(start, start + FILES_AT_ONCE), signal)
    }
  }
}

/** Batches of at most FILES_AT_ONCE files, small neighbours put together. */
async function* batches(
  source: AsyncIterable<readonly DataFile[]>,
): AsyncGenerator<readonly DataFile[]> {
  let waiting: DataFile[] = []
  for await (const files of source) {
    for (const file of files) {
      waiting.push(file)
      if (waiting.length < FILES_AT_ONCE) continue
      yield waiting
      waiting = []
    }
  }
  if (waiting.length > 0) yield waiting
}
