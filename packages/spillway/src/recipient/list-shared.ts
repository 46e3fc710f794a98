import { isUnknownPath, type SharingClient } from '@spillway/client'
import { type AssetKind, isTableError, mapConcurrently } from '@spillway/core'
import { type ListedTable, noSuch, SHARES_AT_ONCE, tableName, tablesOf } from './list-tables.js'
import { isWithin } from './share-path.js'

/** A volume, model or skill that is shared, with what its list says of it. */
interface ListedAsset {
  readonly kind: AssetKind
  readonly share: string
  readonly schema: string
  readonly name: string
  /** A model's comment, a skill's description. */
  readonly description?: string | undefined
}

export interface SharedListing {
  /** Shares that match, those without anything in them too. */
  readonly shares: readonly string[]
  readonly tables: readonly ListedTable[]
  readonly assets: readonly ListedAsset[]
}

/** Everything below `name`, of all kinds, in the order of names. What is not there is answered with what is near. */
export async function listShared(
  client: SharingClient,
  name: string,
  signal?: AbortSignal,
): Promise<SharedListing> {
  const all: string[] = []
  for await (const share of client.shares(signal && { signal })) all.push(share.name)
  const shares = all.filter(share => isWithin(share, name) || isWithin(name, share)).sort()
  if (shares.length === 0 && name !== '') throw noSuch(name, all)
  const [tables, assets] = await Promise.all([
    tablesOf(client, shares, signal),
    assetsOf(client, shares, signal),
  ])
  const found = {
    tables: tables.filter(table => isWithin(tableName(table), name)),
    assets: assets.filter(asset => isWithin(tableName(asset), name)),
  }
  if (found.tables.length + found.assets.length === 0 && !shares.includes(name) && name !== '') {
    throw noSuch(name, [...tables, ...assets].map(tableName), { what: ANYTHING })
  }
  return { shares: shares.filter(share => isWithin(share, name)), ...found }
}

/** Runs `work` about something of any kind; where the provider does not know it, says which names are near. */
export async function withNearest<Result>(
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
    const { tables, assets } = await listShared(client, '', signal)
    const names = [...tables, ...assets].map(tableName)
    const [unversioned = name] = name.split('@')
    // It is listed: what is missing is something else, such as a version.
    if (names.includes(unversioned)) throw error
    throw noSuch(unversioned, names, { cause: error, what: ANYTHING })
  }
}

/** Volumes, models and skills of these shares. Of a server that knows none of a kind there are none. */
const ANYTHING = 'table, volume, model or skill'

async function assetsOf(
  client: SharingClient,
  shares: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly ListedAsset[]> {
  const assets: ListedAsset[] = []
  await mapConcurrently(shares, SHARES_AT_ONCE, async share => {
    const options = signal && { signal }
    await Promise.all([
      unlessUnknown(client.volumes(share, options), each => {
        assets.push(listed('volume', each))
      }),
      unlessUnknown(client.models(share, options), each => {
        assets.push({ ...listed('model', each), description: each.comment })
      }),
      unlessUnknown(client.skills(share, options), each => {
        assets.push({ ...listed('skill', each), description: each.description })
      }),
    ])
  })
  const key = (asset: ListedAsset) => `${tableName(asset)} ${asset.kind}`
  return assets.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

function listed(
  kind: AssetKind,
  {
    share,
    schema,
    name,
  }: { readonly share: string; readonly schema: string; readonly name: string },
): ListedAsset {
  return { kind, share, schema, name }
}

/** Of a list that has begun, its path is known: what ends it then is no list that is shorter. */
async function unlessUnknown<Item>(
  items: AsyncIterable<Item>,
  take: (item: Item) => void,
): Promise<void> {
  let hasBegun = false
  try {
    for await (const item of items) {
      hasBegun = true
      take(item)
    }
  } catch (error) {
    if (hasBegun || !isUnknownPath(error)) throw error
  }
}
