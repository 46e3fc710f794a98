import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { TableError } from '@spillway/core'
import { locationFolders } from '@spillway/parquet'
import { checkSharesConfig, type SharesConfig } from '@spillway/server'
import { folderUri, locationFromInput, parseUri, relativeTo } from '@spillway/storage'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
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

/** Reads and checks a configuration file; what is wrong is said with its place. */
export async function loadConfig(path: string): Promise<ServeConfig> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new TableError(
      'INVALID_REQUEST',
      `the configuration file cannot be read: ${messageOf(cause)}`,
      {
        context: { path },
        cause,
      },
    )
  }
  const config = parseConfig(text, { folder: dirname(resolve(path)), path })
  const { secret, secretFile, secrets = [] } = config.server
  const read = (file: string, key: string) => readSecret(resolve(dirname(path), file), key, path)
  const first = secretFile === undefined ? secret : await read(secretFile, 'server.secretFile')
  const listed = await Promise.all(
    secrets.map(each => (typeof each === 'string' ? each : read(each.file, 'server.secrets'))),
  )
  return { ...config, secrets: [...(first === undefined ? [] : [first]), ...listed] }
}

async function readSecret(file: string, key: string, path: string): Promise<string> {
  let secret: string
  try {
    secret = (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw refused(path, `${key}: the file cannot be read: ${messageOf(cause)}`)
  }
  if (secret.length >= 16) return secret
  throw refused(path, `${key}: the secret needs at least 16 characters`)
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
  return configOf(yamlOf(text, path) ?? {}, { folder, path })
}

/** The same of a document that was read, or made by a program. `path` is what refusals begin with. */
export function configOf(
  document: unknown,
  { folder, path }: { readonly folder: string; readonly path: string },
): ServeConfig {
  const parsed = configSchema.safeParse(document)
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(
      issue => `${issue.path.map(String).join('.') || 'the file'}: ${issueText(issue)}`,
    )
    throw refused(path, reasons.join('; '))
  }
  const { storage, duckdb, limits: set, staging } = parsed.data
  const server = withTlsFiles(parsed.data.server, folder)
  const shares = located(sharesOf(parsed.data, path), folder)
  const stagingLocation = staging && locationFromInput(staging.location, folder)
  checkVending(shares, storage, path)
  return {
    server,
    secrets: writtenSecrets(server),
    storage,
    duckdb,
    limits: set,
    shares,
    ...(staging && { staging: { ...staging, location: stagingLocation! } }),
    localRoots: localRoots(shares, stagingLocation),
  }
}

function withTlsFiles({ tls, ...server }: ServerSettings, folder: string): ServerSettings {
  if (tls === undefined) return server
  const { certificate, key } = tls
  return {
    ...server,
    tls: { certificate: resolve(folder, certificate), key: resolve(folder, key) },
  }
}

/** How a file is written again after a command has changed it: as its author spaces brackets. */
export function layoutOf(text: string): { lineWidth: number; flowCollectionPadding: boolean } {
  return { lineWidth: 0, flowCollectionPadding: /[[{] \S/.test(text) }
}

function yamlOf(text: string, path: string): unknown {
  const document = parseDocument(text, { prettyErrors: true })
  const [problem] = document.errors
  if (problem !== undefined) throw refused(path, problem.message.trim())
  return document.toJS()
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.join(', ')}`
  return issue.message
}

function sharesOf({ shares, recipients }: ConfigDocument, path: string): SharesConfig {
  const document = {
    shares,
    recipients,
  }
  try {
    return checkSharesConfig(document)
  } catch (error) {
    throw refused(path, messageOf(error))
  }
}

/** Every path absolute: the server does not depend on the folder it was started in. */
export function located(config: SharesConfig, folder: string): SharesConfig {
  return {
    ...config,
    shares: (config.shares ?? []).map(share => ({
      ...share,
      schemas: (share.schemas ?? []).map(each => ({
        ...each,
        tables: (each.tables ?? []).map(table => locatedTable(table, folder)),
      })),
    })),
  }
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
function checkVending(shares: SharesConfig, { vending }: StorageSettings, path: string): void {
  const vendors = credentialVendors(vending)
  for (const { name, location, auxiliaryLocations = [], accessModes } of tablesOf(shares)) {
    if (!accessModes?.includes('dir')) continue
    const bare = [location, ...auxiliaryLocations].find(
      place => !vendors.some(vendor => vendor.covers(place)),
    )
    if (bare === undefined) continue
    throw refused(
      path,
      `table ${name} is shared by dir access, but no entry of storage.vending gives credentials for ${bare}`,
    )
  }
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

function refused(path: string, reason: string): TableError {
  return new TableError('INVALID_REQUEST', `${path}: ${reason}`, { context: { path } })
}
