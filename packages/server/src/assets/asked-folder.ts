import { type AssetKind, type AssetName, type SharedAsset, TableError } from '@spillway/core'
import { notFound } from '../access/not-found.js'
import {
  accessModesOf,
  type FolderName,
  findFolder,
  type SharedFolder,
} from '../access/shared-folder.js'
import type { RequestContext } from '../requests/request-context.js'

/** The folder that the path of a request names. What is not granted, or not ready, is not there. */
export async function askedFolder(context: RequestContext): Promise<SharedFolder> {
  const { catalog, recipient, params, signal } = context
  const kind = kindOf(params)
  const version = kind === 'model' ? { version: versionIn(params) } : {}
  const name: FolderName = { ...askedName(params, kind), kind, ...version }
  const folder = await findFolder(catalog, recipient, name, signal)
  if (folder === undefined) {
    // Of a model that is not there no version is missing.
    if (kind === 'model')
      await askedAsset(context, await catalog.assets?.model(recipient, name, signal))
    throw notFound(kind === 'model' ? 'model version' : kind, withVersion(params))
  }
  noteAsset(context, kind, folder.asset)
  return folder
}

/** The same, where its files can be asked for by URL. */
export async function urlFolder(context: RequestContext): Promise<SharedFolder> {
  const folder = await askedFolder(context)
  if (accessModesOf(folder.asset, folder.location, context.vendors).includes('url')) return folder
  throw new TableError(
    'INVALID_REQUEST',
    `${context.record.asset} is shared by dir access only: ask for temporary credentials`,
  )
}

/** What the catalog found, or a 404. */
export function askedAsset<Asset extends SharedAsset>(
  context: RequestContext,
  asset: Asset | undefined,
): Asset {
  const kind = kindOf(context.params)
  if (asset === undefined) throw notFound(kind, context.params)
  noteAsset(context, kind, asset)
  return asset
}

export function askedName(params: RequestContext['params'], kind = kindOf(params)): AssetName {
  return { share: params.share!, schema: params.schema!, name: params[kind]! }
}

function kindOf(params: RequestContext['params']): AssetKind {
  if ('volume' in params) return 'volume'
  return 'skill' in params ? 'skill' : 'model'
}

function noteAsset({ record }: RequestContext, kind: AssetKind, asset: SharedAsset): void {
  record.share = asset.share
  record.schema = asset.schema
  record.asset = `${kind} ${asset.name}`
}

function versionIn({ alias, version = '' }: RequestContext['params']): FolderName['version'] {
  if (alias !== undefined) return { alias }
  if (/^[1-9]\d{0,14}$/.test(version)) return Number(version)
  throw new TableError('INVALID_REQUEST', 'expected a model version as a positive whole number')
}

function withVersion(params: RequestContext['params']): RequestContext['params'] {
  return { ...params, version: params.version ?? `@${params.alias}` }
}

/** What lists and signs files; a server may have nothing that does. */
export function assetFilesOf({
  assetFiles: files,
}: RequestContext): NonNullable<RequestContext['assetFiles']> {
  if (files !== undefined) return files
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    'this server lists and signs no files of assets: ask your provider for dir access',
    { context: { feature: 'assetFiles' } },
  )
}
