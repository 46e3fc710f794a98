import { resolve } from 'node:path'
import { isTableError } from '@spillway/core'
import { locationFolders } from '@spillway/parquet'
import {
  type ConfigProblem,
  checkedEndpoint,
  type Endpoint,
  examineShares,
  foundValue,
  type SharesConfig,
  schemaProblems,
} from '@spillway/server'
import { folderUri, locationFromInput, parseUri, relativeTo } from '@spillway/storage'
import {
  assetFolders,
  locatedAssets,
  statelessDigests,
  unvendedAssets,
} from '../assets/located-assets.js'
import { locatedRegistries, unknownRegistries } from '../assets/model-registries.js'
import { sourceOf } from '../tables/table-source.js'
import {
  type ConfigDocument,
  configSchema,
  type ServerSettings,
  type StorageSettings,
} from './config-schema.js'
import { type TableConfig, tablesOf } from './config-tables.js'
import { credentialVendors } from './vendors.js'

export interface ServeConfig {
  /** What seals and signs, the newest first; empty where nothing outlives the process. */
  readonly secrets: readonly string[]
  readonly server: ServerSettings
  readonly storage: StorageSettings
  /** What rewriting files into staging may use. */
  readonly duckdb: ConfigDocument['duckdb']
  readonly limits: ConfigDocument['limits']
  readonly staging?: { readonly location: string; readonly keepDays: number }
  /** With an absolute folder. */
  readonly cache: ConfigDocument['cache']
  /** By their names, with absolute locations and files. */
  readonly registries: ConfigDocument['registries']
  /** Where what outlives the process is kept. */
  readonly state?: { readonly location: string }
  readonly hashing: ConfigDocument['hashing']
  readonly shares: SharesConfig
  /** Folders of this machine that tables and staging lie in: nothing outside them is read or served. */
  readonly localRoots: readonly string[]
}

/** A document, and all that is wrong with it. */
export interface ExaminedDocument {
  /** Absent where something is wrong. */
  readonly config?: ServeConfig
  readonly problems: readonly ConfigProblem[]
}

/** Checks what a file or a program says. Locations in it are relative to `folder`. */
export function examineDocument(given: object, folder: string): ExaminedDocument {
  const document = withoutEmpty(given)
  const settings = configSchema.safeParse(document)
  const own = settings.success
    ? []
    : schemaProblems(settings.error.issues, { schema: configSchema, document })
  // Of a document that is no mapping there is nothing else to say.
  if (own.some(({ path }) => path.length === 0)) return { problems: own }
  const { shares, recipients } = document as ConfigDocument
  const stated = settings.success ? endpointProblems(settings.data.server) : []
  const { checked, problems } = examineShares({ shares, recipients })
  const placed = checked && located(checked, folder)
  const all = [...own, ...stated, ...problems, ...(placed?.problems ?? [])]
  if (!settings.success || placed === undefined || all.length > 0) return { problems: all }
  return finished(settings.data, placed.shares, folder)
}

/** What recipients could not reach the server by would be told when it starts, and stand in profiles until then. */
function endpointProblems(server: ServerSettings): readonly ConfigProblem[] {
  try {
    statedEndpoint(server)
    return []
  } catch (error) {
    if (!isTableError(error)) throw error
    const message = error.message.replace('server.publicUrl: ', '')
    return [{ path: ['server', 'publicUrl'], at: 'value', message }]
  }
}

/** The endpoint that `server.publicUrl` says, if it does. Throws where no recipient could reach a server by it. */
export function statedEndpoint({ publicUrl }: ServerSettings): Endpoint | undefined {
  if (publicUrl === undefined) return undefined
  return checkedEndpoint(`${publicUrl.replace(/\/+$/, '')}/delta-sharing`, 'server.publicUrl')
}

/** A section whose lines are all comments is no section. */
function withoutEmpty(document: object): object {
  if (typeof document !== 'object' || Array.isArray(document)) return document
  return Object.fromEntries(Object.entries(document).filter(([, section]) => section !== null))
}

function finished(
  settings: ConfigDocument,
  shares: SharesConfig,
  folder: string,
): ExaminedDocument {
  const { storage, duckdb, limits, staging, state, hashing, cache } = settings
  const registries = locatedRegistries(settings.registries, folder)
  const problems = [
    ...vendingProblems(shares, storage),
    ...(state === undefined ? statelessDigests(shares) : []),
    ...unknownRegistries(shares, Object.keys(registries)),
  ]
  const stagingLocation = staging && locationFromInput(staging.location, folder)
  const roots = localRoots(shares, stagingLocation, registries)
  problems.push(...sharedCache(cache, roots, folder))
  if (problems.length > 0) return { problems }
  const server = withTlsFiles(settings.server, folder)
  const config = {
    server,
    secrets: writtenSecrets(server),
    storage,
    duckdb,
    limits,
    hashing,
    registries,
    ...(state && { state: { location: locationFromInput(state.location, folder) } }),
    shares,
    ...(staging && { staging: { ...staging, location: stagingLocation! } }),
    cache: { ...cache, ...(cache.folder && { folder: resolve(folder, cache.folder) }) },
    localRoots: roots,
  }
  return { config, problems: [] }
}

function withTlsFiles({ tls, ...server }: ServerSettings, folder: string): ServerSettings {
  if (tls === undefined) return server
  const { certificate, key } = tls
  return {
    ...server,
    tls: { certificate: resolve(folder, certificate), key: resolve(folder, key) },
  }
}

/** Secrets that stand in the document itself. */
function writtenSecrets({ secret, secrets = [] }: ServerSettings): readonly string[] {
  const written = secrets.filter(each => typeof each === 'string')
  return secret === undefined ? written : [secret, ...written]
}

export interface Located {
  readonly shares: SharesConfig
  readonly problems: readonly ConfigProblem[]
}

/** Every path absolute: the server does not depend on the folder it was started in. */
export function located(config: SharesConfig, folder: string): Located {
  const problems: ConfigProblem[] = []
  const shares = (config.shares ?? []).map((share, i) => ({
    ...share,
    schemas: (share.schemas ?? []).map((each, j) => ({
      ...each,
      ...locatedAssets(each, { path: ['shares', i, 'schemas', j], folder, problems }),
      tables: (each.tables ?? []).map((table, k) => {
        try {
          return locatedTable(table, folder)
        } catch (error) {
          if (!isTableError(error)) throw error
          const path = ['shares', i, 'schemas', j, 'tables', k, 'location']
          const found = foundValue(table.location, path)
          const message = `expected a folder, or s3://bucket/path, here and in other places of the table, found ${found}`
          problems.push({ path, at: 'value', message })
          return table
        }
      }),
    })),
  }))
  return { shares: { ...config, shares }, problems }
}

function locatedTable(table: TableConfig, folder: string): TableConfig {
  const { location, metadataFile, rebase, auxiliaryLocations } = sourceOf(table, folder)
  return {
    ...table,
    location,
    ...(metadataFile !== undefined && { metadataFile }),
    ...(rebase !== undefined && { rebase: [...rebase] }),
    ...(auxiliaryLocations && { auxiliaryLocations: [...auxiliaryLocations] }),
  }
}

/** What is offered by credentials which nobody can give would quietly be read by URL, or not at all. */
function vendingProblems(
  shares: SharesConfig,
  { vending }: StorageSettings,
): readonly ConfigProblem[] {
  const vendors = credentialVendors(vending)
  return [...unvendedTables(shares, vendors), ...unvendedAssets(shares, vendors)]
}

function unvendedTables(
  shares: SharesConfig,
  vendors: ReturnType<typeof credentialVendors>,
): readonly ConfigProblem[] {
  const bareOf = ({ location, auxiliaryLocations = [] }: TableConfig) =>
    [location, ...auxiliaryLocations].find(place => !vendors.some(vendor => vendor.covers(place)))
  return tablesOf(shares).flatMap(({ table, path }) => {
    const bare = table.accessModes?.includes('dir') ? bareOf(table) : undefined
    if (bare === undefined) return []
    const message = `table ${table.name} is shared by dir access, but no entry of storage.vending gives credentials for ${bare}`
    return [{ path: [...path, 'accessModes'], at: 'value' as const, message }]
  })
}

/** What one recipient may read must not have in it what is known of the tables of all. */
function sharedCache(
  { folder: given }: ConfigDocument['cache'],
  roots: readonly string[],
  folder: string,
): readonly ConfigProblem[] {
  if (given === undefined) return []
  const cache = folderUri(locationFromInput(resolve(folder, given), folder))
  const shared = roots.find(
    root =>
      relativeTo(root, cache) !== undefined || relativeTo(cache, folderUri(root)) !== undefined,
  )
  if (shared === undefined) return []
  const message = `expected a folder outside of all that is shared, found one that has to do with ${shared}`
  return [{ path: ['cache', 'folder'], at: 'value', message }]
}

/** Folders of this machine that the configuration names, whichever way: nothing else is read here. */
function localRoots(
  shares: SharesConfig,
  staging: string | undefined,
  registries: ConfigDocument['registries'],
): readonly string[] {
  const tables = tablesOf(shares).map(({ table }) => table)
  const locations = [
    ...tables.flatMap(table => [...locationFolders(table), ...(table.auxiliaryLocations ?? [])]),
    ...(staging === undefined ? [] : [staging]),
    ...assetFolders(shares).map(({ location }) => location),
    ...Object.values(registries).flatMap(({ locations: below }) => below),
  ]
  const others = tables.flatMap(({ rebase = [], metadataFile }) => [
    ...rebase.map(({ to }) => to.replace(/(?<=[^/])\/+$/, '')),
    ...(metadataFile === undefined ? [] : [metadataFile.slice(0, metadataFile.lastIndexOf('/'))]),
  ])
  const isKnown = (each: string) =>
    locations.some(root => relativeTo(root, folderUri(each)) !== undefined)
  const roots = [...locations, ...others.filter(each => !isKnown(each))]
  return [...new Set(roots.filter(each => parseUri(each).scheme === 'file'))]
}
