import type { Recipient, Share, ShareCatalog, SharedSchema, SharedTable } from '@spillway/core'
import { parseSqlPredicate } from '@spillway/protocol'
import { findByHash, tokenHash } from '../access/authenticate.js'
import { checkSharesConfig } from './check-shares.js'
import { type AssetSources, assetsOf, type IndexedAssets, indexAssets } from './config-assets.js'
import type { CheckedConfig, SharesConfig } from './config-schema.js'
import { type PublicSkills, publicSkills } from './config-skills.js'
import { byKey, type Keyed, keyInSchema, pageOf, stableId } from './keyed.js'

export interface ConfigShares extends ShareCatalog {
  /** Takes a new configuration at once and entirely, or throws and keeps the old. Answers under way are not disturbed. */
  replace(config: SharesConfig): void
}

/** A catalog from a configuration object. `unknown` in, because it comes from a file that a person wrote. */
export function createConfigShares(
  config: SharesConfig,
  options: Partial<AssetSources> & { readonly clock?: () => number } = {},
): ConfigShares {
  const { clock = Date.now, registries = new Map(), skills } = options
  const sources = { registries, skills }
  let state = index(checkSharesConfig(config), sources)

  const granted = (recipient: Recipient, share: string) => grantedShare(state, recipient, share)

  return {
    replace(next) {
      state = index(checkSharesConfig(next), sources)
    },
    async authenticate(token) {
      const entry = findByHash(state.tokens, tokenHash(token))
      return entry !== undefined && clock() < entry.expiresAt ? entry.recipient : undefined
    },
    async isKnown({ id }) {
      const now = clock()
      return state.tokens.some(({ recipient, expiresAt }) => recipient.id === id && now < expiresAt)
    },
    async listShares(recipient, page) {
      const own = state.sorted.filter(({ key }) => state.grants.get(recipient.id)?.has(key))
      return pageOf(own, page, ({ share }) => share)
    },
    async share(recipient, name) {
      return granted(recipient, name)?.share
    },
    async listSchemas(recipient, name, page) {
      const found = granted(recipient, name)
      return found && pageOf(found.schemas, page, ({ schema }) => schema)
    },
    async listTables(recipient, scope, page) {
      const found = granted(recipient, scope.share)
      if (found === undefined) return undefined
      if (scope.schema === undefined) return pageOf(found.tables, page, ({ table }) => table)
      const schema = found.schemas.find(({ key }) => key === scope.schema?.toLowerCase())
      return schema && pageOf(schema.tables, page, ({ table }) => table)
    },
    async table(recipient, { share, schema, table }) {
      const key = keyInSchema(schema, table)
      return granted(recipient, share)?.byKey.get(key)
    },
    assets: assetsOf(
      (recipient, share) => granted(recipient, share)?.assets,
      () => state.publicSkills,
    ),
  }
}

function grantedShare(
  { shares, grants }: State,
  recipient: Recipient,
  share: string,
): IndexedShare | undefined {
  const found = shares.get(share.toLowerCase())
  return found && grants.get(recipient.id)?.has(found.key) ? found : undefined
}

interface IndexedTable extends Keyed {
  readonly table: SharedTable
}

interface IndexedSchema extends Keyed {
  readonly schema: SharedSchema
  readonly tables: readonly IndexedTable[]
}

interface IndexedShare extends Keyed {
  readonly share: Share
  readonly schemas: readonly IndexedSchema[]
  readonly tables: readonly IndexedTable[]
  readonly byKey: ReadonlyMap<string, SharedTable>
  readonly assets: IndexedAssets
}

interface State {
  readonly shares: ReadonlyMap<string, IndexedShare>
  readonly sorted: readonly IndexedShare[]
  readonly tokens: readonly {
    readonly hash: Uint8Array
    readonly expiresAt: number
    readonly recipient: Recipient
  }[]
  readonly publicSkills: PublicSkills
  /** Keys of shares, by recipient id. */
  readonly grants: ReadonlyMap<string, ReadonlySet<string>>
}

function index({ shares, recipients }: CheckedConfig, sources: AssetSources): State {
  const sorted = shares.map(share => indexShare(share, sources)).sort(byKey)
  const everything = sorted.map(({ key }) => key)
  const people = recipients.map(one => ({
    ...one,
    recipient: { id: one.id ?? one.name, name: one.name },
  }))
  return {
    shares: new Map(sorted.map(share => [share.key, share])),
    sorted,
    publicSkills: publicSkills(shares),
    tokens: people.flatMap(({ tokens, recipient }) =>
      tokens.map(({ sha256, expiresAt }) => ({
        hash: Buffer.from(sha256, 'hex'),
        expiresAt: expiresAt === undefined ? Number.POSITIVE_INFINITY : Number(new Date(expiresAt)),
        recipient,
      })),
    ),
    grants: new Map(
      people.map(({ recipient, shares: names }) => [
        recipient.id,
        new Set(names.flatMap(name => (name === '*' ? everything : [name.toLowerCase()]))),
      ]),
    ),
  }
}

function indexShare(config: CheckedConfig['shares'][number], sources: AssetSources): IndexedShare {
  const { name, displayName, comment, properties } = config
  const id = config.id ?? stableId(name)
  const share = {
    name,
    id,
    displayName,
    comment,
    properties,
  }
  const schemas = config.schemas.map(schema => ({
    key: schema.name.toLowerCase(),
    schema: { name: schema.name, share: name },
    tables: schema.tables
      .map(table => indexTable(table, { share: name, shareId: id, schema: schema.name }))
      .sort(byKey),
  }))
  const sorted = schemas.sort(byKey)
  const tables = sorted.flatMap(schema =>
    schema.tables.map(({ table }) => ({ key: keyInSchema(table.schema, table.name), table })),
  )
  return {
    key: name.toLowerCase(),
    share,
    schemas: sorted,
    tables: tables.sort(byKey),
    byKey: new Map(tables.map(({ key, table }) => [key, table])),
    assets: indexAssets(config.schemas, { share: name, shareId: id }, sources),
  }
}

function indexTable(
  config: CheckedConfig['shares'][number]['schemas'][number]['tables'][number],
  place: { readonly share: string; readonly shareId: string; readonly schema: string },
): IndexedTable {
  const { name, id, history, startVersion, partitions, accessModes, warm: _, ...source } = config
  return {
    key: name.toLowerCase(),
    table: {
      ...place,
      name,
      id: id ?? stableId(place.share, place.schema, name),
      source,
      historyShared: history,
      ...(startVersion !== undefined && { startVersion: BigInt(startVersion) }),
      accessModes,
      ...(partitions !== undefined && { grant: parseSqlPredicate(partitions).predicate }),
    },
  }
}
