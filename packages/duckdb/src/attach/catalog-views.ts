import { isTableError, TableError, throwIfCancelled } from '@spillway/core'
import { type Connection, quoteName, quoteText } from '@spillway/rows'
import type { Leftovers } from '../connection/leftovers.js'
import { transactionOf } from '../connection/transaction-of.js'
import type { Lane } from '../connection/turns.js'
import type { AttachedTable } from '../share/attached-share.js'
import { shownBy, showSql } from '../sql/show-as.js'
import { failingWith, switchedTo } from '../sql/stub.js'
import { searchPath } from './search-path.js'

export interface CatalogViewsOptions {
  /** The connection itself: whoever calls has the lane. */
  readonly session: Connection
  readonly lane: Lane
  readonly leftovers: Leftovers
  /** Runs work while the connection's owner asks it for nothing. */
  readonly shut: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** A new name of this attachment. */
  readonly nextName: () => string
}

/** A view that stands for a table of which nothing but the name is known. */
interface Placeholder {
  readonly table: AttachedTable
  readonly variable: string
}

/** Views made by one statement of DuckDB's: between two, others have the connection. */
const VIEWS_AT_ONCE = 100

/** Databases in memory that have the names of shares, and the views in them. */
export class CatalogViews {
  readonly #options: CatalogViewsOptions
  /** Set while views are made: DuckDB binds a view when it is made, and there is nothing yet to bind it to. */
  readonly #making: string

  constructor(options: CatalogViewsOptions) {
    this.#options = options
    this.#making = options.nextName()
  }

  /** Attaches a database under a free name like each of `wanted`, and says it before it goes on. */
  async attach(
    wanted: readonly string[],
    onAttached: (position: number, catalog: string) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (wanted.length === 0) return
    const { session, lane } = this.#options
    await lane(signal, async () => {
      const rows = await session.all('SELECT lower(database_name) FROM duckdb_databases()')
      const taken = new Set(rows.map(([name]) => String(name)))
      for (const [position, name] of wanted.entries()) {
        throwIfCancelled(signal)
        const catalog = freeName(name, taken)
        await session.run(`ATTACH ':memory:' AS ${quoteName(catalog)}`)
        taken.add(catalog.toLowerCase())
        onAttached(position, catalog)
      }
    })
  }

  /** A connection cannot do without the database that it uses: it goes back to its first. */
  async detach(catalogs: readonly string[]): Promise<void> {
    const { session, lane } = this.#options
    await lane(undefined, async () => {
      const gone = new Set(catalogs.map(each => each.toLowerCase()))
      const used = await searchPath(session)
      if (used.some(({ catalog }) => gone.has(catalog.toLowerCase()))) {
        await session.run("SET search_path = ''")
      }
      for (const catalog of catalogs) {
        await session.run(`DETACH DATABASE IF EXISTS ${quoteName(catalog)}`)
      }
    })
  }

  /** Makes or replaces the view of a table, which shows `sql` while its variable says nothing else. In the lane. */
  async show(table: AttachedTable, variable: string, sql: string): Promise<void> {
    await this.#prepare([table])
    await this.#make(viewSql(table, switchedTo(variable, quoteText(sql))), table)
  }

  /** Makes views that fail with their variable's name, so that planning finds out who is meant. In the lane. */
  async hold(places: readonly Placeholder[]): Promise<void> {
    await this.#prepare(places.map(({ table }) => table))
    await this.#options.shut(() => this.#makeHeld(places))
  }

  async #makeHeld(places: readonly Placeholder[]): Promise<void> {
    const { session, leftovers } = this.#options
    try {
      await session.run(showSql(this.#making, 'SELECT NULL AS "not described"'))
      for (let start = 0; start < places.length; start += VIEWS_AT_ONCE) {
        const some = places.slice(start, start + VIEWS_AT_ONCE)
        const sql = some.map(place => viewSql(place.table, this.#held(place))).join(';\n')
        await this.#make(sql, some[0]!.table)
      }
    } finally {
      await leftovers.clear(this.#making, showSql(this.#making, undefined))
    }
  }

  /** In the lane. */
  async drop(tables: readonly AttachedTable[]): Promise<void> {
    if (tables.length === 0) return
    await this.#prepare([])
    await this.#options.session.run(
      tables.map(({ sqlName }) => `DROP VIEW IF EXISTS ${sqlName}`).join(';\n'),
    )
  }

  #held({ table, variable }: Placeholder): string {
    const { share, schema, table: name } = table
    const error = `${share}.${schema}.${name} is shared: give the SQL to query() of what attachShare returned [${variable}]`
    const making = shownBy(quoteText(this.#making))
    return switchedTo(variable, `coalesce(${making}, ${failingWith(quoteText(error))})`)
  }

  async #prepare(tables: readonly AttachedTable[]): Promise<void> {
    const { session } = this.#options
    if ((await transactionOf(session)) !== undefined) throw refusedInside(tables[0])
    const schemas = new Set(
      tables.map(({ catalog, schema }) => `${quoteName(catalog)}.${quoteName(schema)}`),
    )
    for (const schema of schemas) await session.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
  }

  async #make(sql: string, table: AttachedTable): Promise<void> {
    try {
      await this.#options.session.run(sql)
    } catch (cause) {
      if (!isTableError(cause)) throw cause
      if (!/Existing object .* is of type/.test(cause.message)) throw cause
      throw new TableError(
        'CONFLICT',
        `${table.sqlName} is a table of this connection's own, and a shared one has its name: rename or drop one's own`,
        { cause, context: { connection: 'taken name' } },
      )
    }
  }
}

/** The variable in an error that a placeholder is. */
export function heldVariable(message: string): string | undefined {
  return /of what attachShare returned \[(\w+)\]/.exec(message)?.[1]
}

function viewSql({ sqlName }: AttachedTable, sql: string): string {
  return `CREATE OR REPLACE VIEW ${sqlName} AS ${sql}`
}

/** DuckDB lets a transaction write to one database, and takes its views back with it. */
function refusedInside(table: AttachedTable | undefined): TableError {
  const what = table === undefined ? 'a share' : table.sqlName
  return new TableError(
    'INVALID_REQUEST',
    `${what} is named for the first time inside a transaction: name it before BEGIN, as DESCRIBE ${what} does, or give all statements to one query()`,
    { context: { connection: 'transaction' } },
  )
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
