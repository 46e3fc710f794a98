import { dirname } from 'node:path'
import { TableError } from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { folderUri, locationFromInput } from '@spillway/storage'
import { reportNothing, revoke, revokeCommand } from '../commands/revoke.js'
import { loadConfig } from '../configuration/config.js'
import type { Named } from '../edit/dropped.js'
import { sameName } from '../edit/named-lists.js'
import { LIST_OF, listed, NAMED_KINDS, type SharedKind } from '../edit/shared-kinds.js'
import { schemaNameOf, sharedNameOf } from '../edit/shares.js'
import type { Terminal } from '../terminal/terminal.js'
import { configPath, type ManageOptions } from './manage-options.js'

export interface RemoveOptions extends ManageOptions {
  readonly dryRun?: boolean
}

export interface ShareRemoveOptions extends RemoveOptions {
  /** Where several have the name; a folder of skills has none, and is found by that of its schema. */
  readonly kind?: SharedKind | 'share' | 'schema'
  /** Which folder of skills, where the schema has several. */
  readonly location?: string
}

/** `spillway share remove NAME`: a share, a schema, or one thing of it; the same as `revoke` says and does. */
export async function shareRemoveCommand(
  name: string,
  options: ShareRemoveOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const { shares } = await loadConfig(path)
  const { kind } = options
  if (options.location !== undefined && kind !== 'skill-folder') {
    throw refused('--location says which folder of skills: it goes with --kind skill-folder')
  }
  const found =
    kind === 'skill-folder'
      ? skillFoldersOf(shares, name, { ...options, from: terminal.folder, folder: dirname(path) })
      : namedIn(shares, name).filter(each => kind === undefined || each.kind === kind)
  if (found.length > 1) {
    const kinds = found.map(each => `a ${each.kind}`)
    throw refused(`${name} is ${listed(kinds)}: say which by --kind`)
  }
  const [meant] = found
  if (meant === undefined) {
    return reportNothing({ ...missing(shares, name, kind), name, path }, options, terminal)
  }
  await revoke(meant, { ...options, orNothing: true }, terminal)
}

/** `spillway recipient remove NAME`: with every token and grant; the same as `revoke` says and does. */
export async function recipientRemoveCommand(
  name: string,
  options: RemoveOptions,
  terminal: Terminal,
): Promise<void> {
  await revokeCommand({ ...options, recipient: name, orNothing: true }, terminal)
}

/** All that may be meant: names of shares may hold dots, and a table and a model may have one name. */
function namedIn(config: SharesConfig, name: string): readonly Named[] {
  const isShare = (config.shares ?? []).some(share => sameName(share.name, name))
  const inSchema = schemaNameOf(name)
  const isSchema = inSchema !== undefined && schemaIn(config, inSchema) !== undefined
  return [
    ...(isShare ? [{ kind: 'share' as const, name, names: [name] }] : []),
    ...(isSchema
      ? [{ kind: 'schema' as const, name, names: [inSchema.share, inSchema.schema] }]
      : []),
    ...thingsIn(config, name),
    ...modelParts(config, name),
  ]
}

function thingsIn(config: SharesConfig, name: string): readonly Named[] {
  const own = sharedNameOf(name)
  const schema = own && schemaIn(config, own)
  if (own === undefined || schema === undefined) return []
  return NAMED_KINDS.filter(kind =>
    (schema[LIST_OF[kind]] ?? []).some(each => sameName(each.name, own.name)),
  ).map(kind => ({ kind, name, names: [own.share, own.schema, own.name] }))
}

/** `share.schema.model@3`, a version; `@champion`, an alias alone: the version that it leads to stays. */
function modelParts(config: SharesConfig, name: string): readonly Named[] {
  const [, whole, part] = /^(.+)@([^@.]+)$/.exec(name) ?? []
  const own = whole === undefined ? undefined : sharedNameOf(whole)
  if (own === undefined || part === undefined) return []
  const models = schemaIn(config, own)?.models ?? []
  const { versions = [] } = models.find(each => sameName(each.name, own.name)) ?? {}
  const at = { name, names: [own.share, own.schema, own.name], part }
  if (versions.some(each => String(each.version) === part))
    return [{ ...at, kind: 'model version' }]
  const isAlias = versions.some(({ aliases = [] }) => aliases.some(each => sameName(each, part)))
  return isAlias ? [{ ...at, kind: 'alias' }] : []
}

function schemaIn(
  { shares = [] }: SharesConfig,
  { share, schema }: { readonly share: string; readonly schema: string },
) {
  const found = shares.find(each => sameName(each.name, share))
  return found?.schemas?.find(each => sameName(each.name, schema))
}

interface FolderPlace {
  readonly location?: string
  /** Where the command is run, which its own locations are relative to. */
  readonly from: string
  /** Of the configuration. */
  readonly folder: string
}

function skillFoldersOf(config: SharesConfig, name: string, place: FolderPlace): readonly Named[] {
  const own = schemaNameOf(name)
  const folders = (own && schemaIn(config, own)?.skillFolders) ?? []
  const given = place.location && folderUri(locationFromInput(place.location, place.from))
  const locations = new Set(folders.map(({ location }) => location))
  const meant = [...locations].filter(each => given === undefined || each === given)
  if (meant.length > 1) {
    const which = listed(meant, 'or')
    throw refused(
      `${name} has ${meant.length} folders of skills: --location says which of ${which}`,
    )
  }
  return meant.map(location => ({
    kind: 'skill-folder',
    name,
    names: own === undefined ? [] : [own.share, own.schema],
    isLocation: (written: string) =>
      folderUri(locationFromInput(written, place.folder)) === location,
  }))
}

/** In words, by what has so many parts, and all names of these. */
function missing(config: SharesConfig, name: string, kind: ShareRemoveOptions['kind']) {
  const schemas = (config.shares ?? []).flatMap(({ name: share, schemas = [] }) =>
    schemas.map(each => ({ at: `${share}.${each.name}`, each })),
  )
  if (kind === 'skill-folder') {
    return { what: 'folder of skills in', names: schemas.map(({ at }) => at) }
  }
  const all = (config.shares ?? []).map(each => each.name)
  const parts = kind === undefined ? name.split('.').length : kind === 'share' ? 1 : 3
  if (kind === 'schema' || parts === 2) {
    const own = schemas.map(({ at }) => at)
    return { what: kind ?? 'share or schema', names: kind === undefined ? [...own, ...all] : own }
  }
  if (parts === 1) return { what: 'share', names: all }
  const kinds = NAMED_KINDS.filter(each => kind === undefined || each === kind)
  const names = kinds.flatMap(each =>
    schemas.flatMap(({ at, each: schema }) =>
      (schema[LIST_OF[each]] ?? []).map(own => `${at}.${own.name}`),
    ),
  )
  return { what: listed(kinds, 'or'), names }
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
