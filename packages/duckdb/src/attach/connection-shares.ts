import { randomBytes } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type Connection, sessionOn } from '@spillway/rows'
import { type Lane, lane, Turns } from '../connection/turns.js'
import { ShareFunctions } from './functions.js'
import type { Provider } from './provider.js'

/** What all attachments of one connection have in common. A statement may name the tables of any of them. */
export class ConnectionShares {
  readonly connection: DuckDBConnection
  /** The connection itself: whoever uses it has the lane. */
  readonly session: Connection
  readonly lane: Lane
  /** Whole statements: those that only read go together. */
  readonly statements = new Turns()
  readonly functions: ShareFunctions
  readonly #providers = new Set<Provider>()
  /** Results whose rows are still to be computed. */
  readonly #unfinished = new Set<Unfinished>()
  /** Statements between their planning and their last row. */
  #underWay = 0

  constructor(connection: DuckDBConnection) {
    this.connection = connection
    this.session = sessionOn(connection)
    this.lane = lane()
    this.functions = new ShareFunctions({
      session: this.session,
      lane: this.lane,
      providers: () => this.providers,
      prefix: `share_${randomBytes(4).toString('hex')}_call/`,
    })
  }

  get providers(): readonly Provider[] {
    return [...this.#providers]
  }

  async add(provider: Provider): Promise<void> {
    if (this.#providers.size === 0) await this.functions.create()
    this.#providers.add(provider)
  }

  async remove(provider: Provider): Promise<void> {
    if (!this.#providers.delete(provider)) return
    await this.functions.forget()
    if (this.#providers.size === 0) await this.functions.drop()
  }

  begin(): void {
    this.#underWay++
  }

  async end(): Promise<void> {
    this.#underWay--
    if (this.#underWay === 0) await this.functions.forget()
  }

  track(unfinished: Unfinished): void {
    this.#unfinished.add(unfinished)
  }

  untrack(unfinished: Unfinished): void {
    this.#unfinished.delete(unfinished)
  }

  /** What results have yet to compute they compute now: the statement that comes may change what their SQL means. */
  async settle(): Promise<void> {
    for (const each of this.#unfinished) await each.settle()
  }
}

/** A result that computes its rows as they are read. */
export interface Unfinished {
  /** Computes all of them. What fails is for whoever reads. */
  settle(): Promise<void>
}

/** Kept with the connection object itself: nothing else tells two attachments that they are neighbours. */
const known = new WeakMap<DuckDBConnection, ConnectionShares>()

export function sharesOf(connection: DuckDBConnection): ConnectionShares {
  const shares = known.get(connection) ?? new ConnectionShares(connection)
  known.set(connection, shares)
  return shares
}
