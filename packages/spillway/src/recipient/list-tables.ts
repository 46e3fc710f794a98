import type { SharingClient } from '@spillway/client'
import { isTableError, mapConcurrently, TableError } from '@spillway/core'
import type { WireTable } from '@spillway/protocol'
import { didYouMean } from './nearest.js'
import { isWithin } from './share-path.js'

/** A shared table, and what queries call it. */
export interface ListedTable {
  readonly share: string
  readonly schema: string
  readonly name: string
  /** Cloud credentials for the whole folder instead of URLs for files, where the provider offers them. */
  readonly accessModes: readonly string[]
}

interface Listing {
  /** Shares that match, those without tables too. */
  readonly shares: readonly string[]
  readonly tables: readonly ListedTable[]
}

/** Shares whose tables are asked for at the same time. */
export const SHARES_AT_ONCE = 4

/** Everything below `name`, in the order of names. What is not there is answered with what is near. */
async function listTables(
  client: SharingClient,
  name: string,
  signal?: AbortSignal,
): Promise<Listing> {
  const all: string[] = []
  for await (const share of client.shares(signal && { signal })) all.push(share.name)
  const shares = all.filter(share => isWithin(share, name) || isWithin(name, share)).sort()
  if (shares.length === 0 && name !== '') throw noSuch(name, all)
  const tables = await tablesOf(client, shares, signal)
  const found = tables.filter(table => isWithin(tableName(table), name))
  if (found.length === 0 && !shares.includes(name) && name !== '') {
    throw noSuch(name, tables.map(tableName))
  }
  return { shares: shares.filter(share => isWithin(share, name)), tables: found }
}

export function tableName({
  share,
  schema,
  name,
}: Pick<ListedTable, 'share' | 'schema' | 'name'>): string {
  return `${share}.${schema}.${name}`
}

/** Runs `work` about one table; where the provider does not know it, says which names are near. */
export async function withNearestTable<Result>(
  client: SharingClient,
  name: string,
  {
    work,
    signal,
  }: { readonly work: () => Promise<Result>; readonly signal?: AbortSignal | undefined },
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isTableError(error) || error.code !== 'NOT_FOUND') throw error
    const { tables } = await listTables(client, '', signal)
    // It is listed: what is missing is something else, such as a version.
    if (tables.some(table => tableName(table) === name)) throw error
    throw noSuch(name, tables.map(tableName), { cause: error })
  }
}

export async function tablesOf(
  client: SharingClient,
  shares: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly ListedTable[]> {
  const tables: ListedTable[] = []
  await mapConcurrently(shares, SHARES_AT_ONCE, async share => {
    for await (const table of client.tables(share, signal && { signal })) {
      tables.push(listed(table, share))
    }
  })
  return tables.sort(
    (a, b) => compare(a.share, b.share) || compare(a.schema, b.schema) || compare(a.name, b.name),
  )
}

/** Some servers leave out what the request said already. */
function listed(table: WireTable, share: string): ListedTable {
  return {
    share: table.share ?? share,
    schema: table.schema,
    name: table.name,
    accessModes: table.accessModes ?? ['url'],
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Shares, schemas and tables have names of one, two and three parts: near is looked for among its own kind. */
export function noSuch(
  name: string,
  names: readonly string[],
  { cause, what = 'table' }: { readonly cause?: unknown; readonly what?: string } = {},
): TableError {
  const parts = name.split('.').length
  const kind = parts === 1 ? 'share' : parts === 2 ? 'schema' : what
  const alike =
    parts === 2 ? new Set(names.map(each => each.slice(0, each.lastIndexOf('.')))) : names
  return new TableError(
    'NOT_FOUND',
    `no ${kind} ${name} is shared with this profile${didYouMean(name, alike) || '; spillway ls PROFILE lists what is'}`,
    { cause },
  )
}
