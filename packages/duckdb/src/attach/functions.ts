import { type AnswerHeader, parseTableName } from '@spillway/client'
import { TableError } from '@spillway/core'
import { type Connection, quoteText } from '@spillway/rows'
import type { Leftovers } from '../connection/leftovers.js'
import type { Lane } from '../connection/turns.js'
import { changeFeedFields } from '../share/change-columns.js'
import { askMetadata, type ScanTarget, timestampText } from '../share/scan-target.js'
import { snapshotOf } from '../share/shared-log.js'
import { shownBy, showSql } from '../sql/show-as.js'
import { failingWith, type Stub, stubOf } from '../sql/stub.js'
import { unknownShare } from './misnamed-shares.js'
import type { Provider } from './provider.js'

/** A table as it was, or its changes, as one call of a table function in SQL means it. */
export interface KnownTarget {
  readonly provider: Provider
  readonly target: ScanTarget
  readonly stub: Stub
  readonly header: AnswerHeader
  /** Name of the variable that the call looks for. */
  readonly variable: string
}

export interface FunctionsOptions {
  /** The connection itself, and the turns that it is used in. */
  readonly session: Connection
  readonly lane: Lane
  readonly leftovers: Leftovers
  /** Who is attached now. */
  readonly providers: () => readonly Provider[]
  /** Begins the names of the connection's variables. */
  readonly prefix: string
}

/**
 * share_at() and table_changes() of a connection, whoever is attached to it. Their macros look for a variable named by their
 * arguments, and fail with that name where there is none: planning finds out which calls a statement makes by planning it
 * again until all are known.
 */
export class ShareFunctions {
  readonly #options: FunctionsOptions
  readonly #known = new Map<string, KnownTarget>()

  constructor(options: FunctionsOptions) {
    this.#options = options
  }

  byStub(name: string): KnownTarget | undefined {
    return [...this.#known.values()].find(({ stub }) => stub.name === name)
  }

  get stubs(): readonly string[] {
    return [...this.#known.values()].map(({ stub }) => stub.name)
  }

  async create(): Promise<void> {
    const { session, lane, prefix } = this.#options
    const at = `${quoteText(`${prefix}at/`)} || name || '/' || coalesce(version::VARCHAR, '') || '/' || coalesce(as_of::VARCHAR, '')`
    const changes = `${quoteText(`${prefix}changes/`)} || name || '/' || starting::VARCHAR || '/' || coalesce(ending::VARCHAR, '')`
    const body = (key: string) =>
      `TABLE FROM query(coalesce(${shownBy(key)}, ${failingWith(`(${key}) || ${quoteText(OUTSIDE)}`)}))`
    await lane(undefined, async () => {
      await session.run(
        `CREATE OR REPLACE TEMP MACRO share_at(name, version := NULL, as_of := NULL) AS ${body(at)}`,
      )
      await session.run(
        `CREATE OR REPLACE TEMP MACRO table_changes(name, starting, ending := NULL) AS ${body(changes)}`,
      )
    })
  }

  async drop(): Promise<void> {
    const { session, lane } = this.#options
    await lane(undefined, async () => {
      await session.run('DROP MACRO TABLE IF EXISTS temp.main.share_at')
      await session.run('DROP MACRO TABLE IF EXISTS temp.main.table_changes')
    })
  }

  /** Makes known the call whose name stands in an error of DuckDB; false where there is none. */
  async resolve(message: string, signal?: AbortSignal): Promise<boolean> {
    const { prefix, session, lane } = this.#options
    const start = message.indexOf(prefix)
    const end = message.indexOf(OUTSIDE, start)
    if (start < 0 || end < 0) return false
    const variable = message.slice(start, end)
    const known = this.#known.get(variable) ?? (await this.#describe(variable, signal))
    await lane(signal, async () => {
      // Of two statements that made the same call at the same time, one was first.
      const first = this.#known.get(variable) ?? known
      await session.run(showSql(variable, first.stub.sql))
      this.#known.set(variable, first)
    })
    return true
  }

  /** Takes the stubs of earlier calls away: what they mean may have changed. */
  forget(): Promise<void> {
    const { leftovers, lane } = this.#options
    return lane(undefined, async () => {
      const variables = [...this.#known.keys()]
      this.#known.clear()
      for (const each of variables) await leftovers.clear(each, showSql(each, undefined))
    })
  }

  /** The same for one call. */
  forgetCall({ variable }: KnownTarget): Promise<void> {
    const { leftovers, lane } = this.#options
    return lane(undefined, async () => {
      this.#known.delete(variable)
      await leftovers.clear(variable, showSql(variable, undefined))
    })
  }

  async #describe(variable: string, signal: AbortSignal | undefined): Promise<KnownTarget> {
    const called = targetOf(variable.slice(this.#options.prefix.length))
    const { provider, share } = providerOf(called.name.share, this.#options.providers())
    const target = { ...called, name: { ...called.name, share } }
    const header = await askMetadata(provider.client, target, signal)
    const { fields } = (await snapshotOf(header, [], signal)).schema
    const all = target.changes === undefined ? fields : changeFeedFields(fields)
    const stub = stubOf(provider.nextName(), all, provider.stubFile)
    return { provider, target, header, variable, stub }
  }
}

const OUTSIDE = ' is read through query() of what attachShare returned'

/** A share as SQL names its catalog, or as its provider does, where only one provider has it. */
function providerOf(
  name: string,
  providers: readonly Provider[],
): { readonly provider: Provider; readonly share: string } {
  for (const provider of providers) {
    const share = provider.catalog.shareOf(name)
    if (share !== undefined) return { provider, share }
  }
  const having = providers.filter(({ catalog }) => catalog.catalogs.has(name))
  const [only] = having
  if (only !== undefined && having.length === 1) return { provider: only, share: name }
  const catalogs = providers.flatMap(({ catalog }) => [...catalog.catalogs.values()])
  throw unknownShare(name, catalogs)
}

function targetOf(text: string): ScanTarget {
  const [kind, name = '', first = '', ...rest] = text.split('/')
  const second = rest.join('/')
  if (kind === 'changes') {
    const changes = { start: first, ...(second !== '' && { end: second }) }
    return { name: parseTableName(name), changes }
  }
  if (first === '' && second === '') return { name: parseTableName(name) }
  if (first !== '' && second !== '') {
    throw new TableError('INVALID_REQUEST', 'share_at takes version or as_of, not both')
  }
  if (second !== '') return { name: parseTableName(name), at: { timestamp: timestampText(second) } }
  if (!/^\d+$/.test(first)) {
    throw new TableError(
      'INVALID_REQUEST',
      `share_at expects a whole number as version, found ${first}; a time goes into as_of`,
    )
  }
  return { name: parseTableName(name), at: { version: BigInt(first) } }
}
