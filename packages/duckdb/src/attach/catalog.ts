import type { AnswerHeader, SharingClient, TableName } from '@spillway/client'
import { isTableError, mapConcurrently, TableError } from '@spillway/core'
import { type Connection, quoteName, quoteText } from '@spillway/rows'
import type { AttachedTable } from '../share/attached-share.js'
import { askMetadata } from '../share/scan-target.js'
import { snapshotOf } from '../share/shared-log.js'
import { reasonText } from '../sql/sql-error.js'
import { type Stub, stubOf, switchedSql, switchedTo } from '../sql/stub.js'

/** A shared table as the connection knows it. */
export interface KnownTable {
  readonly table: AttachedTable
  /** Absent where its rows cannot be read: there is an error then. */
  readonly stub?: Stub
  readonly error?: TableError
  readonly header?: AnswerHeader
}

export interface CatalogOptions {
  readonly session: Connection
  readonly client: SharingClient
  /** A new name for a stub. */
  readonly nextName: () => string
  /** The CSV file that every stub scans. */
  readonly stubFile: string
  readonly catalogOf?: ((share: string) => string) | undefined
  readonly signal?: AbortSignal | undefined
}

const METADATA_AT_ONCE = 8

/** The catalogs of a provider's shares: a database in memory for each, with a view for each table. */
export class ShareCatalog {
  readonly #options: CatalogOptions
  readonly #catalogs = new Map<string, string>()
  #tables: readonly KnownTable[] = []

  constructor(options: CatalogOptions) {
    this.#options = options
  }

  get tables(): readonly KnownTable[] {
    return this.#tables
  }

  byStub(name: string): KnownTable | undefined {
    return this.#tables.find(({ stub }) => stub?.name === name)
  }

  /** The table that a provider's name means; names differ in case at most. */
  byName({ share, schema, table }: TableName): KnownTable | undefined {
    const wanted = [share, schema, table].map(part => part.toLowerCase())
    return this.#tables.find(({ table: each }) =>
      [each.share, each.schema, each.table].every((part, i) => part.toLowerCase() === wanted[i]),
    )
  }

  /** Lists everything anew and replaces the views. A table that cannot be read is listed with its reason. */
  async load(): Promise<void> {
    const { client, signal } = this.#options
    const own = signal ? { signal } : {}
    const names: TableName[] = []
    for await (const { name: share } of client.shares(own)) {
      await this.#attach(share)
      for await (const { schema, name } of client.tables(share, own)) {
        names.push({ share, schema, table: name })
      }
    }
    const tables = await mapConcurrently(names, METADATA_AT_ONCE, name => this.#describe(name))
    for (const known of this.#tables) await this.#drop(known)
    this.#tables = withoutTwins(tables)
    for (const i of tables.keys()) await this.#create(i)
  }

  /** Takes over what a later answer says about a table, under a stub of a new name. */
  async replace(known: KnownTable, header: AnswerHeader): Promise<KnownTable> {
    const position = this.#tables.indexOf(known)
    const { share, schema, table } = known.table
    const described = await this.#describe({ share, schema, table }, header)
    this.#tables = this.#tables.with(position, described)
    await this.#create(position)
    return this.#tables[position]!
  }

  async close(): Promise<void> {
    const { session } = this.#options
    for (const catalog of this.#catalogs.values()) {
      await session.run(`DETACH DATABASE IF EXISTS ${quoteName(catalog)}`)
    }
    this.#catalogs.clear()
    this.#tables = []
  }

  async #attach(share: string): Promise<void> {
    if (this.#catalogs.has(share)) return
    const { session, catalogOf } = this.#options
    const rows = await session.all('SELECT lower(database_name) FROM duckdb_databases()')
    const taken = new Set(rows.map(([name]) => String(name)))
    const catalog = freeName(catalogOf?.(share) ?? share, taken)
    await session.run(`ATTACH ':memory:' AS ${quoteName(catalog)}`)
    this.#catalogs.set(share, catalog)
  }

  async #describe(name: TableName, given?: AnswerHeader): Promise<KnownTable> {
    const catalog = this.#catalogs.get(name.share)!
    const sqlName = [catalog, name.schema, name.table].map(quoteName).join('.')
    const table = { ...name, catalog, sqlName }
    const { client, nextName, stubFile, signal } = this.#options
    try {
      const header = given ?? (await askMetadata(client, { name }, signal))
      const { schema } = await snapshotOf(header, [], signal)
      return { table, header, stub: stubOf(nextName(), schema.fields, stubFile) }
    } catch (error) {
      if (!isTableError(error) || error.code === 'CANCELLED') throw error
      return unreadable(table, error)
    }
  }

  /** A table whose columns DuckDB refuses (two names that differ in case alone) cannot be read, in its words. */
  async #create(position: number): Promise<void> {
    const { table, stub } = this.#tables[position]!
    const { session } = this.#options
    const schema = `${quoteName(table.catalog)}.${quoteName(table.schema)}`
    await session.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    if (stub === undefined) return this.#createUnreadable(position)
    try {
      await session.run(`CREATE OR REPLACE VIEW ${table.sqlName} AS ${switchedSql(stub)}`)
    } catch (error) {
      if (!isTableError(error)) throw error
      const problem = new TableError(
        'UNSUPPORTED_FEATURE',
        `DuckDB cannot show it: ${error.message}`,
        { cause: error },
      )
      this.#tables = this.#tables.with(position, unreadable(table, problem))
      await this.#createUnreadable(position)
    }
  }

  /** A view that says, however it is named in SQL, why the table cannot be read. */
  async #createUnreadable(position: number): Promise<void> {
    const { table, error } = this.#tables[position]!
    const { session, nextName } = this.#options
    const variable = nextName()
    const reason = `error(${quoteText(reasonText(table, error!))})`
    await showAs(session, variable, 'SELECT NULL AS unreadable')
    await session.run(`CREATE OR REPLACE VIEW ${table.sqlName} AS ${switchedTo(variable, reason)}`)
    await showAs(session, variable, undefined)
  }

  async #drop({ table }: KnownTable): Promise<void> {
    await this.#options.session.run(`DROP VIEW IF EXISTS ${table.sqlName}`)
  }
}

function unreadable(table: AttachedTable, error: TableError): KnownTable {
  return { table: { ...table, problem: error.message, problemCode: error.code }, error }
}

/** Names that differ in case alone are one name to DuckDB: neither table may be taken for the other. */
function withoutTwins(tables: readonly KnownTable[]): readonly KnownTable[] {
  const key = ({ table }: KnownTable) => table.sqlName.toLowerCase()
  const counts = new Map<string, number>()
  for (const each of tables) counts.set(key(each), (counts.get(key(each)) ?? 0) + 1)
  return tables.map(each => {
    if (counts.get(key(each)) === 1) return each
    const message = 'another table has its name but for case, and DuckDB does not tell them apart'
    return unreadable(each.table, new TableError('UNSUPPORTED_FEATURE', message))
  })
}

/** A share may be called like a database that is there already, or like one of DuckDB's own. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted.toLowerCase())) return wanted
  for (let i = 1; i <= 1000; i++) {
    const name = i === 1 ? `${wanted}_share` : `${wanted}_share_${i}`
    if (!taken.has(name.toLowerCase())) return name
  }
  throw new TableError('CONFLICT', `no catalog name is free for the share ${wanted}`)
}

/** Sets or resets what a view of this connection shows: the query that its variable holds. */
export async function showAs(
  session: Connection,
  variable: string,
  sql: string | undefined,
): Promise<void> {
  const name = quoteName(variable)
  await session.run(
    sql === undefined ? `RESET VARIABLE ${name}` : `SET VARIABLE ${name} = ${quoteText(sql)}`,
  )
}
