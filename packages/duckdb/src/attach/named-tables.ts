import type { TableName } from '@spillway/client'
import type { Connection } from '@spillway/rows'
import { leadingWords } from '../sql/leading-words.js'
import { namesIn, type SqlName } from '../sql/names-in.js'
import type { Looking } from './catalog.js'
import type { ConnectionShares } from './connection-shares.js'
import type { Provider } from './provider.js'
import { type PathEntry, searchPath } from './search-path.js'

/** DuckDB's schema of a name that has none. */
const DEFAULT_SCHEMA = 'main'

/** Statements that read nothing, whatever names are in them. */
const READS_NOTHING =
  /^(?:USE|SET(?! VARIABLE\b)|RESET|COMMIT|END|ROLLBACK|ABORT|ATTACH|DETACH|LOAD|INSTALL|CHECKPOINT)\b/

/** What follows may read anything, and no table can be made visible then. */
const BEGINS = /^(?:BEGIN|START)\b/

export interface NamedContext {
  readonly shares: ConnectionShares
  readonly parser: Connection
}

/** Describes the shared tables that a statement spells out, so that planning it finds them. */
export async function describeNamed(
  sql: string,
  { shares, parser }: NamedContext,
  looking: Looking,
): Promise<void> {
  const words = leadingWords(sql, 2)
  if (READS_NOTHING.test(words)) return
  const names = await namesIn(sql, parser)
  const { signal } = looking
  const path = await shares.lane(signal, () => searchPath(shares.session))
  for (const provider of shares.providers) {
    const { catalog } = provider
    const whole = names.flatMap(name => qualified(name, provider))
    const own = path.filter(entry => catalog.shareOf(entry.catalog) !== undefined)
    const partial = names.filter(name => name.length < 3)
    try {
      await showOnPath(path, { provider, signal })
      const found = own.length > 0 ? await onPath(partial, own, { provider, signal }) : []
      await catalog.describe([...whole, ...found], looking)
    } catch (error) {
      if (!BEGINS.test(words) || signal?.aborted === true) throw error
    }
  }
}

/** Names that something may have that is no table of any schema: a file, or what is DuckDB's own. */
const ELSEWHERE = /[./\\]|^(?:duckdb|pg|pragma|sqlite)_/i

/**
 * Makes names of tables visible that could mean something else without an error. The statement need not spell them: macros,
 * views, prepared statements and strings name tables too.
 */
async function showOnPath(path: readonly PathEntry[], { provider, signal }: OnPath): Promise<void> {
  const { catalog } = provider
  for (const [i, entry] of path.entries()) {
    const share = catalog.shareOf(entry.catalog)
    if (share === undefined) continue
    const isLast = i === path.length - 1
    await catalog.show(share, ({ table }) => !isLast || ELSEWHERE.test(table), signal)
  }
}

/** A name whose first part is the catalog of a share. */
function qualified(parts: SqlName, { catalog }: Provider): readonly TableName[] {
  const [first, second, third] = parts
  if (first === undefined || second === undefined) return []
  const share = catalog.shareOf(first)
  if (share === undefined) return []
  return third === undefined
    ? [{ share, schema: DEFAULT_SCHEMA, table: second }]
    : [{ share, schema: second, table: third }]
}

interface OnPath {
  readonly provider: Provider
  readonly signal: AbortSignal | undefined
}

/** Listed tables that names without a catalog mean, by the search path. */
async function onPath(
  names: readonly SqlName[],
  path: readonly PathEntry[],
  { provider: { catalog }, signal }: OnPath,
): Promise<readonly TableName[]> {
  if (names.length === 0) return []
  const found: TableName[] = []
  for (const entry of path) {
    const listed = await catalog.names(catalog.shareOf(entry.catalog)!, signal)
    const byName = new Map(listed.map(each => [textOf([each.schema, each.table]), each]))
    for (const name of names) {
      const full = name.length === 1 ? [entry.schema, ...name] : name
      const table = byName.get(textOf(full))
      if (table !== undefined) found.push(table)
    }
  }
  return found
}

function textOf(parts: SqlName): string {
  return JSON.stringify(parts.map(part => part.toLowerCase()))
}
