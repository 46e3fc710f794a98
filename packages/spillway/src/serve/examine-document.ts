import { resolve } from 'node:path'
import { isTableError } from '@spillway/core'
import { locationFolders } from '@spillway/parquet'
import {
  type ConfigProblem,
  examineShares,
  foundValue,
  type SharesConfig,
  schemaProblems,
} from '@spillway/server'
import { folderUri, locationFromInput, parseUri, relativeTo } from '@spillway/storage'
import { assetFolders, locatedAssets, unvendedAssets } from '../assets/located-assets.js'
import { sourceOf } from '../tables/table-source.js'
import {
  type ConfigDocument,
  configSchema,
  type ServerSettings,
  type StorageSettings,
} from './config-schema.js'
import { credentialVendors } from './vendors.js'

type ShareConfig = NonNullable<SharesConfig['shares']>[number]
type SchemaConfig = NonNullable<ShareConfig['schemas']>[number]
type TableConfig = NonNullable<SchemaConfig['tables']>[number]

export interface ServeConfig {
  /** What seals and signs, the newest first; empty where nothing outlives the process. */
  readonly secrets: readonly string[]
  readonly server: ServerSettings
  readonly storage: StorageSettings
  /** What rewriting files into staging may use. */
  readonly duckdb: ConfigDocument['duckdb']
  readonly limits: ConfigDocument['limits']
  readonly staging?: { readonly location: string; readonly keepDays: number }
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
  const { checked, problems } = examineShares({ shares, recipients })
  const placed = checked && located(checked, folder)
  const all = [...own, ...problems, ...(placed?.problems ?? [])]
  if (!settings.success || placed === undefined || all.length > 0) return { problems: all }
  return finished(settings.data, placed.shares, folder)
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
  const { storage, duckdb, limits, staging } = settings
  const vending = vendingProblems(shares, storage)
  if (vending.length > 0) return { problems: vending }
  const server = withTlsFiles(settings.server, folder)
  const stagingLocation = staging && locationFromInput(staging.location, folder)
  const config = {
    server,
    secrets: writtenSecrets(server),
    storage,
    duckdb,
    limits,
    shares,
    ...(staging && { staging: { ...staging, location: stagingLocation! } }),
    localRoots: localRoots(shares, stagingLocation),
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
  { shares = [] }: SharesConfig,
  vendors: ReturnType<typeof credentialVendors>,
): readonly ConfigProblem[] {
  const bareOf = ({ location, auxiliaryLocations = [] }: TableConfig) =>
    [location, ...auxiliaryLocations].find(place => !vendors.some(vendor => vendor.covers(place)))
  return shares.flatMap(({ schemas = [] }, i) =>
    schemas.flatMap(({ tables = [] }, j) =>
      tables.flatMap((table, k) => {
        const bare = table.accessModes?.includes('dir') ? bareOf(table) : undefined
        if (bare === undefined) return []
        const path = ['shares', i, 'schemas', j, 'tables', k, 'accessModes']
        const message = `table ${table.name} is shared by dir access, but no entry of storage.vending gives credentials for ${bare}`
        return [{ path, at: 'value' as const, message }]
      }),
    ),
  )
}

function tablesOf({ shares }: SharesConfig): readonly TableConfig[] {
  return (shares ?? []).flatMap(share =>
    (share.schemas ?? []).flatMap(({ tables: all }) => all ?? []),
  )
}

/** Folders of this machine that the configuration names, whichever way: nothing else is read here. */
function localRoots(shares: SharesConfig, staging: string | undefined): readonly string[] {
  const tables = tablesOf(shares)
  const locations = [
    ...tables.flatMap(table => [...locationFolders(table), ...(table.auxiliaryLocations ?? [])]),
    ...(staging === undefined ? [] : [staging]),
    ...assetFolders(shares).map(({ location }) => location),
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
