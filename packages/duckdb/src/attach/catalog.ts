import type { AnswerHeader, SharingClient, TableName } from '@spillway/client'
import { isTableError, mapConcurrently, type TableError } from '@spillway/core'
import { type Connection, quoteName } from '@spillway/rows'
import type { Leftovers } from '../connection/leftovers.js'
import type { Lane } from '../connection/turns.js'
import type { AttachedTable } from '../share/attached-share.js'
import { askMetadata } from '../share/scan-target.js'
import { snapshotOf } from '../share/shared-log.js'
import { type Stub, stubOf } from '../sql/stub.js'
import { CatalogViews, heldVariable } from './catalog-views.js'
import { isSameName, isSpelledAlike, Listings, twinError } from './listings.js'
import { cannotBeRead, isOwn, notShown } from './table-errors.js'

/** A shared table whose columns are known. */
export interface KnownTable {
  readonly table: AttachedTable
  readonly stub: Stub
  readonly header: AnswerHeader
  /** Name of the variable that replaces the stub: the table's own, whatever its columns become. */
  readonly variable: string
}

/** A table that has a view; without `known` the view fails with the variable's name. */
interface Entry {
  readonly table: AttachedTable
  readonly variable: string
  readonly known?: KnownTable
}

export interface CatalogOptions {
  readonly session: Connection
  readonly lane: Lane
  readonly leftovers: Leftovers
  /** See `CatalogViewsOptions`. */
  readonly shut: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly client: SharingClient
  /** A new name for a stub or a variable. */
  readonly nextName: () => string
  /** The CSV file that every stub scans. */
  readonly stubFile: string
  readonly catalogOf?: ((share: string) => string) | undefined
  /** Ends what is asked for nobody in particular. */
  readonly closing: AbortSignal
}

/** What one statement has found out so far. */
export interface Looking {
  /** Why tables that it may name cannot be read; naming one is that error. */
  readonly failures: Map<string, TableError>
  readonly signal?: AbortSignal | undefined
}

const METADATA_AT_ONCE = 8

/**
 * The catalogs of a provider's shares: a database in memory for each, and in it a view for each table that has been named.
 * A table is described when a statement names it, and nothing is remembered of one that could not be.
 */
export class ShareCatalog {
  readonly #options: CatalogOptions
  readonly #views: CatalogViews
  readonly #listings: Listings
  readonly #catalogs = new Map<string, string>()
  readonly #entries = new Map<string, Entry>()
  /** Names that the provider has no table for. */
  readonly #absent = new Set<string>()
  readonly #twins = new Set<string>()

  constructor(options: CatalogOptions) {
    this.#options = options
    this.#views = new CatalogViews(options)
    this.#listings = new Listings(options.client, options.closing)
  }

  /** The catalog of each share. */
  get catalogs(): ReadonlyMap<string, string> {
    return this.#catalogs
  }

  get stubs(): readonly string[] {
    return [...this.#entries.values()].flatMap(({ known }) => known?.stub.name ?? [])
  }

  byStub(name: string): KnownTable | undefined {
    for (const { known } of this.#entries.values()) if (known?.stub.name === name) return known
    return undefined
  }

  /** The share that a catalog in SQL is. */
  shareOf(catalog: string): string | undefined {
    const wanted = catalog.toLowerCase()
    for (const [share, name] of this.#catalogs) if (name.toLowerCase() === wanted) return share
    return undefined
  }

  /** Lists the shares, and attaches those that are new. */
  async attachShares(signal?: AbortSignal): Promise<void> {
    const { client, catalogOf } = this.#options
    const shares = new Set<string>()
    for await (const { name } of client.shares(signal && { signal })) {
      if (!this.#catalogs.has(name)) shares.add(name)
    }
    const names = [...shares]
    const wanted = names.map(name => catalogOf?.(name) ?? name)
    await this.#views.attach(wanted, (i, catalog) => this.#catalogs.set(names[i]!, catalog), signal)
  }

  /** Describes tables that a statement may mean. What is none is passed over, what cannot be read is noted. */
  async describe(names: readonly TableName[], looking: Looking): Promise<void> {
    await mapConcurrently(names, METADATA_AT_ONCE, name => this.#describeNamed(name, looking))
  }

  /** Describes the table that an error of DuckDB's is about; false where it is about none. */
  async resolve(message: string, looking: Looking): Promise<boolean> {
    const variable = heldVariable(message)
    const entry = [...this.#entries.values()].find(each => each.variable === variable)
    if (entry === undefined) return false
    if (entry.known !== undefined) return true
    const key = keyOf(entry.table)
    const failure = this.#twins.has(key) ? twinError(entry.table) : looking.failures.get(key)
    if (failure !== undefined) throw failure
    try {
      await this.#describe(entry.table, looking.signal)
    } catch (error) {
      throw cannotBeRead(entry.table, error)
    }
    return true
  }

  /** The tables of a share by name, listed once. */
  async names(share: string, signal?: AbortSignal): Promise<readonly TableName[]> {
    const isNew = this.#listings.known(share) === undefined
    const names = await this.#listings.of(share, signal)
    if (isNew) await this.#noteTwins(names, signal)
    return names
  }

  /** Makes every table of the shares visible, by its name alone. */
  async showAll(signal?: AbortSignal): Promise<void> {
    for (const share of this.#catalogs.keys()) await this.show(share, () => true, signal)
  }

  /** The same for those tables of one share that `isMeant` says. */
  async show(
    share: string,
    isMeant: (name: TableName) => boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const names = await this.names(share, signal)
    await this.#hold(names.filter(isMeant), signal)
  }

  /** Describes every table. One that cannot be read stays visible by its name alone. */
  async describeAll(looking: Looking): Promise<void> {
    await this.showAll(looking.signal)
    const tables = [...this.#entries.values()].flatMap(({ known, table }) => (known ? [] : table))
    await this.describe(tables, looking)
  }

  /** Takes over what a later answer says about a table, under a stub of a new name. */
  replace({ table }: KnownTable, header: AnswerHeader, signal?: AbortSignal): Promise<KnownTable> {
    return this.#describe(table, signal, header)
  }

  /** Every table as it would be named in SQL, page by page as the provider lists them. */
  async *list(signal?: AbortSignal): AsyncGenerator<AttachedTable> {
    for (const share of this.#catalogs.keys()) {
      for await (const { schema, name } of this.#options.client.tables(share, { signal })) {
        yield this.#attached({ share, schema, table: name })
      }
    }
  }

  /** Forgets every table, so that each is asked for again. */
  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#options.lane(signal, async () => {
      await this.#views.drop([...this.#entries.values()].map(({ table }) => table))
      this.#entries.clear()
    })
    for (const each of [this.#absent, this.#twins]) each.clear()
    this.#listings.forget()
    await this.attachShares(signal)
  }

  async close(): Promise<void> {
    await this.#views.detach([...this.#catalogs.values()])
    this.#catalogs.clear()
    this.#entries.clear()
  }

  async #describeNamed(name: TableName, { failures, signal }: Looking): Promise<void> {
    const key = keyOf(this.#attached(name))
    if (this.#absent.has(key) || this.#twins.has(key) || failures.has(key)) return
    const known = this.#entries.get(key)?.known
    if (known !== undefined) {
      // A server that tells spellings apart may mean another table by this one.
      if (!isSpelledAlike(known.table, name)) await this.names(name.share, signal)
      return
    }
    try {
      if ((await this.#find(name, signal)) === undefined) this.#absent.add(key)
    } catch (error) {
      if (!isTableError(error) || error.code === 'CANCELLED' || isOwn(error)) throw error
      const listed = this.#listings.known(name.share)?.find(each => isSameName(each, name))
      failures.set(key, cannotBeRead(listed ?? name, error))
      await this.#hold([name], signal)
    }
  }

  /** Undefined where the provider has no such table. */
  async #find(name: TableName, signal: AbortSignal | undefined): Promise<KnownTable | undefined> {
    const listed = this.#listings.known(name.share)?.find(each => isSameName(each, name))
    try {
      return await this.#describe(listed ?? name, signal)
    } catch (error) {
      if (!isTableError(error) || error.code === 'CANCELLED' || isOwn(error)) throw error
      if (error.retryable || listed !== undefined) throw error
      // Names that are none are refused by servers in many ways: the list says whether it is one.
      const names = await this.names(name.share, signal).catch(() => [name])
      const found = names.find(each => isSameName(each, name))
      if (found === undefined) return undefined
      if (isSpelledAlike(found, name)) throw error
      return this.#describe(found, signal)
    }
  }

  async #describe(
    name: TableName,
    signal: AbortSignal | undefined,
    given?: AnswerHeader,
  ): Promise<KnownTable> {
    const { client, lane, nextName, stubFile } = this.#options
    const table = this.#attached(name)
    const key = keyOf(table)
    const header = given ?? (await askMetadata(client, { name }, signal))
    const { schema } = await snapshotOf(header, [], signal)
    return lane(signal, async () => {
      const before = this.#entries.get(key)
      // Another statement was first.
      if (before?.known !== undefined && given === undefined) return before.known
      const variable = before?.variable ?? nextName()
      const stub = stubOf(nextName(), schema.fields, stubFile)
      await this.#views.show(table, variable, stub.sql).catch(error => {
        throw isOwn(error) ? error : notShown(error)
      })
      const known = { table, header, stub, variable }
      this.#entries.set(key, { table, variable, known })
      return known
    })
  }

  /** Gives names views of their own that say who they are. */
  async #hold(names: readonly TableName[], signal: AbortSignal | undefined): Promise<void> {
    await this.#options.lane(signal, async () => {
      const places = new Map<string, Entry>()
      for (const name of names) {
        const table = this.#attached(name)
        const key = keyOf(table)
        if (this.#entries.has(key) && !this.#twins.has(key)) continue
        const variable = this.#entries.get(key)?.variable ?? this.#options.nextName()
        places.set(key, { table, variable })
      }
      if (places.size > 0) await this.#views.hold([...places.values()])
      for (const [key, entry] of places) this.#entries.set(key, entry)
    })
  }

  /** Neither of two tables may be taken for the other. */
  async #noteTwins(names: readonly TableName[], signal: AbortSignal | undefined): Promise<void> {
    const spelled = new Map<string, TableName>()
    const twins: TableName[] = []
    for (const name of names) {
      const key = keyOf(this.#attached(name))
      const other = spelled.get(key)
      if (other !== undefined && !isSpelledAlike(other, name)) twins.push(name)
      spelled.set(key, name)
    }
    for (const name of twins) this.#twins.add(keyOf(this.#attached(name)))
    if (twins.length > 0) await this.#hold(twins, signal)
  }

  #attached({ share, schema, table }: TableName): AttachedTable {
    const catalog = this.#catalogs.get(share)!
    const sqlName = [catalog, schema, table].map(quoteName).join('.')
    return { share, schema, table, catalog, sqlName }
  }
}

function keyOf({ sqlName }: AttachedTable): string {
  return sqlName.toLowerCase()
}
