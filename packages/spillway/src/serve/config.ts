import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isTableError, TableError } from '@spillway/core'
import { locationFolders } from '@spillway/parquet'
import {
  type ConfigProblem,
  examineShares,
  foundValue,
  type SharesConfig,
  schemaProblems,
} from '@spillway/server'
import { folderUri, locationFromInput, parseUri, relativeTo } from '@spillway/storage'
import { type ConfigText, parseConfigText } from '../problems/config-text.js'
import { configError, type PlacedProblem, placedProblems } from '../problems/placed-problems.js'
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

/** A configuration file, and all that is wrong with it. */
export interface ExaminedConfig {
  /** Absent where something is wrong. */
  readonly config?: ServeConfig
  /** In the order of the file. */
  readonly problems: readonly PlacedProblem[]
}

/** Reads and checks a configuration file; what is wrong is said with its place. */
export async function loadConfig(path: string): Promise<ServeConfig> {
  const { config, problems } = await examineConfigFile(path)
  if (config === undefined) throw configError(path, problems)
  return config
}

/** The same, with the mistakes as data. Throws only where the file itself cannot be read. */
export async function examineConfigFile(path: string): Promise<ExaminedConfig> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new TableError('INVALID_REQUEST', unreadable(path, cause), { context: { path }, cause })
  }
  const { config, problems } = examineConfig(text, dirname(resolve(path)))
  if (config === undefined) return { problems }
  const read = await readSecrets(config.server, dirname(path))
  if (read.problems.length === 0) return { config: { ...config, secrets: read.secrets }, problems }
  return { problems: placedProblems(parseConfigText(text), read.problems) }
}

function unreadable(path: string, cause: unknown): string {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  if (isMissing) return `there is no configuration file ${path}: \`spillway init\` writes one`
  return `the configuration file cannot be read: ${messageOf(cause)}`
}

interface ReadSecrets {
  readonly secrets: readonly string[]
  readonly problems: readonly ConfigProblem[]
}

/** Secrets in the order of the file, those in files of their own among them. */
async function readSecrets(server: ServerSettings, folder: string): Promise<ReadSecrets> {
  const { secret, secretFile, secrets: listed = [] } = server
  const files = [
    ...(secretFile === undefined ? [] : [{ file: secretFile, path: ['secretFile'] }]),
    ...listed.flatMap((each, i) =>
      typeof each === 'string' ? [] : [{ file: each.file, path: ['secrets', i, 'file'] }],
    ),
  ]
  const read = await Promise.all(
    files.map(async ({ file, path }) => ({ file, path, ...(await readSecret(folder, file)) })),
  )
  const problems = read.flatMap(({ path, reason }) =>
    reason === undefined
      ? []
      : [{ path: ['server', ...path], at: 'value' as const, message: reason }],
  )
  const textOf = (file: string) => read.find(each => each.file === file)?.secret ?? ''
  const first = secretFile === undefined ? secret : textOf(secretFile)
  const others = listed.map(each => (typeof each === 'string' ? each : textOf(each.file)))
  return { secrets: [...(first === undefined ? [] : [first]), ...others], problems }
}

async function readSecret(
  folder: string,
  file: string,
): Promise<{ readonly secret?: string; readonly reason?: string }> {
  try {
    const secret = (await readFile(resolve(folder, file), 'utf8')).trim()
    if (secret.length >= 16) return { secret }
    return { reason: 'the secret in this file needs at least 16 characters' }
  } catch (cause) {
    return { reason: `the file cannot be read: ${(cause as NodeJS.ErrnoException).code}` }
  }
}

/** Secrets that stand in the file itself. */
function writtenSecrets({ secret, secrets = [] }: ServerSettings): readonly string[] {
  const written = secrets.filter(each => typeof each === 'string')
  return secret === undefined ? written : [secret, ...written]
}

/** Locations in the text are relative to `folder`. */
export function parseConfig(
  text: string,
  { folder, path }: { readonly folder: string; readonly path: string },
): ServeConfig {
  const { config, problems } = examineConfig(text, folder)
  if (config === undefined) throw configError(path, problems)
  return config
}

/** The same, with all mistakes as data. */
export function examineConfig(text: string, folder: string): ExaminedConfig {
  const parsed = parseConfigText(text)
  if (parsed.problems.length > 0) {
    return { problems: parsed.problems.map(problem => ({ ...problem, path: '' })) }
  }
  const document = withoutEmpty(parsed.value ?? {})
  const settings = configSchema.safeParse(document)
  const own = settings.success
    ? []
    : schemaProblems(settings.error.issues, { schema: configSchema, document })
  // Of a document that is no mapping there is nothing else to say.
  if (own.some(({ path }) => path.length === 0)) return { problems: placedProblems(parsed, own) }
  const { shares, recipients } = document as ConfigDocument
  const { checked, problems } = examineShares({ shares, recipients })
  const placed = checked && located(checked, folder)
  const all = [...own, ...problems, ...(placed?.problems ?? [])]
  if (!settings.success || placed === undefined || all.length > 0) {
    return { problems: placedProblems(parsed, all) }
  }
  return finished(settings.data, placed.shares, { folder, parsed })
}

/** A section whose lines are all comments is no section. */
function withoutEmpty(document: object): object {
  if (typeof document !== 'object' || Array.isArray(document)) return document
  return Object.fromEntries(Object.entries(document).filter(([, section]) => section !== null))
}

function finished(
  { server, storage, duckdb, limits, staging }: ConfigDocument,
  shares: SharesConfig,
  { folder, parsed }: { readonly folder: string; readonly parsed: ConfigText },
): ExaminedConfig {
  const vending = vendingProblems(shares, storage)
  if (vending.length > 0) return { problems: placedProblems(parsed, vending) }
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

interface Located {
  readonly shares: SharesConfig
  readonly problems: readonly ConfigProblem[]
}

/** Every path absolute: the server does not depend on the folder it was started in. */
function located(config: SharesConfig, folder: string): Located {
  const problems: ConfigProblem[] = []
  const shares = (config.shares ?? []).map((share, i) => ({
    ...share,
    schemas: (share.schemas ?? []).map((each, j) => ({
      ...each,
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

/** A table that is offered by credentials which nobody can give would quietly be read by URL, or not at all. */
function vendingProblems(
  { shares = [] }: SharesConfig,
  { vending }: StorageSettings,
): readonly ConfigProblem[] {
  const vendors = credentialVendors(vending)
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
