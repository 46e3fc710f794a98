import { randomBytes } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type Connection, sessionOn } from '@spillway/rows'
import { Leftovers, withWayOut } from '../connection/leftovers.js'
import { OwnersCalls } from '../connection/owners-calls.js'
import { type Lane, lane, Turns } from '../connection/turns.js'
import { ShareFunctions } from './functions.js'
import type { Provider } from './provider.js'

/** What all attachments of one connection have in common. A statement may name the tables of any of them. */
export class ConnectionShares {
  readonly connection: DuckDBConnection
  /** What the connection is asked by others than us. */
  readonly owners: OwnersCalls
  /** The connection itself: whoever uses it has the lane. */
  readonly session: Connection
  readonly lane: Lane
  readonly leftovers: Leftovers
  /** Whole statements: those that only read go together. */
  readonly statements = new Turns()
  readonly functions: ShareFunctions
  /** Functions of which it is known that they are one value however often a statement is run. */
  readonly sameInParts = new Set<string>()
  readonly #providers = new Set<Provider>()
  /** Results whose rows are still to be computed. */
  readonly #unfinished = new Set<Unfinished>()
  /** Statements between their planning and their last row. */
  #underWay = 0

  constructor(connection: DuckDBConnection) {
    this.owners = new OwnersCalls(connection)
    this.connection = this.owners.own
    this.session = sessionOn(this.connection)
    this.leftovers = new Leftovers(this.session)
    this.lane = cleared(lane(), this.leftovers)
    this.functions = new ShareFunctions({
      session: this.session,
      lane: this.lane,
      leftovers: this.leftovers,
      providers: () => this.providers,
      prefix: `share_${randomBytes(4).toString('hex')}_call/`,
    })
  }

  get providers(): readonly Provider[] {
    return [...this.#providers]
  }

  async add(provider: Provider): Promise<void> {
    if (this.#providers.size === 0) await this.functions.create()
    this.owners.guard()
    this.#providers.add(provider)
  }

  async remove(provider: Provider): Promise<void> {
    this.#providers.delete(provider)
    await this.functions.forget()
    if (this.#providers.size > 0) return
    this.owners.release()
    await this.functions.drop()
  }

  /** Takes a temporary table away. */
  drop(table: string): Promise<void> {
    return this.lane(undefined, () => this.dropInLane(table))
  }

  /** The same by whoever has the lane. */
  dropInLane(table: string): Promise<void> {
    return this.leftovers.clear(table, `DROP TABLE IF EXISTS temp.main.${table}`)
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

/** Whoever comes next finds nothing of what was before. */
function cleared(turns: Lane, leftovers: Leftovers): Lane {
  return (signal, work) =>
    turns(signal, async () => {
      try {
        await leftovers.clearAll()
        return await work()
      } catch (error) {
        throw withWayOut(error)
      }
    })
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
