import { isTableError, TableError } from '@spillway/core'
import type { WireAssetFile, WireModel, WireModelVersion } from '@spillway/protocol/wire'
import type { AssetClient, FoundAsset } from './asset-client.js'
import { folderText } from './asset-name.js'
import { digestedFiles, type FileListing } from './folder-listing.js'

/** Versions whose files are listed to find a content, the newest first. */
const MAX_VERSIONS = 100

/**
 * The digest of the canonical manifest of these files, `sha256:…`; undefined where the provider does not state that of each of
 * them.
 */
export async function contentDigest(files: readonly WireAssetFile[]): Promise<string | undefined> {
  const entries = digestedFiles(files)
  if (entries.length < files.length) return undefined
  const { createManifest, manifestDigest } = await import('@spillway/assets')
  return manifestDigest(await createManifest(entries))
}

/** Throws `CONFLICT` where a listing is another than the name of the asset pins. */
export async function requirePinned(
  { folder, snapshotId, digest }: FoundAsset,
  listing: FileListing,
): Promise<void> {
  const name = folderText(folder)
  if (snapshotId !== undefined && snapshotId !== listing.snapshotId) {
    throw new TableError(
      'CONFLICT',
      `${name}@${snapshotId.slice(0, 100)} is not what the provider has now: it lists ${listing.snapshotId}`,
    )
  }
  if (digest === undefined) return
  const found = await contentDigest(listing.files)
  if (found === digest) return
  if (found !== undefined) {
    throw new TableError(
      'CONFLICT',
      `${name}@${digest} is not what the provider has now: its files have the digest ${found}`,
    )
  }
  const unknown = listing.files.filter(({ sha256 }) => sha256 === undefined).length
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `${name} cannot be compared with ${digest} before it is fetched: the provider states no SHA-256 of ${unknown} of its ${listing.files.length} files, by now. Ask it to digest them, or name the asset without @sha256:`,
  )
}

/** The version of a model whose files have this digest. */
export async function versionOfContent(
  client: Pick<AssetClient, 'files' | 'modelVersions'>,
  model: WireModel,
  { digest, signal }: { readonly digest: string; readonly signal?: AbortSignal | undefined },
): Promise<WireModelVersion> {
  const ready: WireModelVersion[] = []
  for await (const each of client.modelVersions(model, signal && { signal })) {
    if (each.status === 'READY') ready.push(each)
  }
  const newest = ready.sort((a, b) => b.version - a.version).slice(0, MAX_VERSIONS)
  let unknown = 0
  for (const version of newest) {
    const found = await digestOfVersion(client, { model, version, signal })
    if (found === digest) return version
    if (found === undefined) unknown++
  }
  const name = `${model.share}.${model.schema}.${model.name}`
  const more = ready.length > newest.length ? `, the newest of ${ready.length}` : ''
  const untold =
    unknown === 0
      ? ''
      : `; of ${unknown} of them the provider does not state the SHA-256 of all files`
  throw new TableError(
    'CONFLICT',
    `no version of ${name} has the content ${digest}: ${newest.length} were looked at${more}${untold}`,
  )
}

async function digestOfVersion(
  client: Pick<AssetClient, 'files'>,
  {
    model: { share, schema, name },
    version: { version },
    signal,
  }: {
    readonly model: WireModel
    readonly version: WireModelVersion
    readonly signal: AbortSignal | undefined
  },
): Promise<string | undefined> {
  const files: WireAssetFile[] = []
  const folder = { share, schema, name, kind: 'model', version } as const
  try {
    for await (const page of client.files(folder, { signal })) {
      for (const file of page.files) files.push(file)
      // One file without a digest is enough.
      if (page.files.some(({ sha256 }) => sha256 === undefined)) return undefined
    }
    return await contentDigest(files)
  } catch (error) {
    // A version that is gone by now; names that are not safe, which no manifest has.
    if (isTableError(error) && ['NOT_FOUND', 'INVALID_REQUEST'].includes(error.code))
      return undefined
    throw error
  }
}
