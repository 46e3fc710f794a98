import type { SharingClient, TableName } from '@spillway/client'
import { untilAborted } from '@spillway/core'
import { spelledTables } from '../sql/names-in.js'

/** Tables that are asked about ahead; the others of a statement are described as it is planned, eight at a time. */
const MOST_TABLES = 8

/**
 * A client that is asked already for what `attachShare` and then `sql` ask first: the shares, and of each table that the SQL
 * spells out behind FROM or JOIN, `share.schema.table`, its columns. So the first query of an attachment waits for one answer less, and
 * DuckDB may be loaded meanwhile. `sql` may be such a name alone. Each answer is used once, whoever asks again asks anew; what of
 * it fails is told to whoever asks.
 *
 * The names go to the provider before it is known which of them are its own: not for a connection that has catalogs of the recipient's own,
 * whose names are nobody else's business.
 */
export function askAhead(
  client: SharingClient,
  sql: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): SharingClient {
  const shares = new Ahead(collected(client.shares({ signal })))
  const tables = new Map(
    namesAhead(sql).map(name => [keyOf(name), new Ahead(client.metadata(name, { signal }))]),
  )
  return {
    ...client,
    async *shares(options = {}) {
      yield* await (shares.take(options.signal) ?? collected(client.shares(options)))
    },
    async metadata(name, options = {}) {
      const { signal: own, ...others } = options
      const isLatest = Object.values(others).every(each => each === undefined)
      const ahead = isLatest ? tables.get(keyOf(name))?.take(own) : undefined
      return ahead ?? client.metadata(name, options)
    },
  }
}

/** An answer that is on its way, for one who asks for it. */
class Ahead<Answer> {
  #answer: Promise<Answer> | undefined

  constructor(answer: Promise<Answer>) {
    this.#answer = answer
    // Who asks for it is told.
    answer.catch(() => undefined)
  }

  take(signal: AbortSignal | undefined): Promise<Answer> | undefined {
    const answer = this.#answer
    if (answer === undefined) return undefined
    this.#answer = undefined
    return untilAborted(answer, signal)
  }
}

/** Catalogs of every DuckDB: their tables are never a provider's, unless it calls a share so, which is asked about later then. */
const LOCAL: ReadonlySet<string> = new Set(['memory', 'temp', 'system'])

/** What SQL attaches or uses may have the name of a share: then none is asked about. */
const RENAMES = /\b(?:ATTACH|USE|SET)\b/i

function namesAhead(sql: string): readonly TableName[] {
  if (RENAMES.test(sql)) return []
  const names = new Map<string, TableName>()
  for (const [share = '', schema = '', table = '', ...more] of spelledTables(sql)) {
    if (table === '' || more.length > 0 || LOCAL.has(share.toLowerCase())) continue
    const name = { share, schema, table }
    names.set(keyOf(name), name)
  }
  return [...names.values()].slice(0, MOST_TABLES)
}

function keyOf({ share, schema, table }: TableName): string {
  return JSON.stringify([share, schema, table])
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
