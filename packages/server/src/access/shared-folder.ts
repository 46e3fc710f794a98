import { createHash } from 'node:crypto'
import type {
  AssetFolder,
  AssetKind,
  AssetName,
  CredentialVendor,
  Recipient,
  ShareCatalog,
  SharedAsset,
  SharedModel,
  SharedModelVersion,
  SharedSkill,
} from '@spillway/core'

/** A granted asset whose files are asked for: of a model, one of its versions. */
export interface SharedFolder extends AssetFolder {
  readonly kind: AssetKind
  readonly asset: SharedAsset
  /** Of a model. */
  readonly version?: SharedModelVersion
}

export interface FolderName extends AssetName {
  readonly kind: AssetKind
  /** Of a model, by number or by alias. */
  readonly version?: number | { readonly alias: string } | undefined
}

/** Undefined for what is not granted, and for a version that is not ready. */
export async function findFolder(
  { assets }: ShareCatalog,
  recipient: Recipient,
  { kind, version: wanted, ...name }: FolderName,
  signal?: AbortSignal,
): Promise<SharedFolder | undefined> {
  if (assets === undefined) return undefined
  if (kind === 'volume') return folderOf(kind, await assets.volume(recipient, name, signal))
  if (kind === 'skill') return skillFolder(await assets.skill(recipient, name, signal))
  if (wanted === undefined) return undefined
  const model = await assets.model(recipient, name, signal)
  const version = model && (await assets.modelVersion(recipient, name, wanted, signal))
  return version !== undefined && isShared(version) ? versionFolder(model!, version) : undefined
}

/** Of versions only those that are ready; one without a folder would be all of its store. */
export function isShared({ status, location }: SharedModelVersion): boolean {
  return status === 'READY' && location !== ''
}

function folderOf(
  kind: 'volume',
  asset: (SharedAsset & { readonly location: string }) | undefined,
): SharedFolder | undefined {
  return asset && { kind, asset, id: asset.id, location: withSlash(asset.location) }
}

function skillFolder(asset: SharedSkill | undefined): SharedFolder | undefined {
  return asset && { kind: 'skill', asset, ...folderOfSkill(asset) }
}

/** Where the files of a skill are, and what links must not lead out of. */
export function folderOfSkill({ id, location, within }: SharedSkill): AssetFolder {
  const own = { id, location: withSlash(location) }
  return within === undefined ? own : { ...own, within: withSlash(within) }
}

function versionFolder(asset: SharedModel, version: SharedModelVersion): SharedFolder {
  const id = `${asset.id}/${version.version}`
  return { kind: 'model', asset, version, id, location: withSlash(version.location) }
}

/** Policies and listings take a folder's name with its slash: without it `docs2` is a part of `docs`. */
export function withSlash(location: string): string {
  return location.endsWith('/') ? location : `${location}/`
}

/** How the files of an asset can be reached: credentials only where somebody gives them. */
export function accessModesOf(
  { accessModes = ['url'] }: SharedAsset,
  location: string,
  vendors: readonly CredentialVendor[],
): readonly ('url' | 'dir')[] {
  const isOpened = vendors.some(vendor => vendor.covers(location))
  return accessModes.filter(mode => mode === 'url' || isOpened)
}

/** Says which folder is shared, and how: the same on every replica and after a restart. */
export function folderDigest({ kind, id, location, within, asset }: SharedFolder): string {
  const facts = [kind, id, location, asset.accessModes ?? null, ...(within ? [within] : [])]
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64url')
}
