import { type AssetKind, type AssetName, isTableError, TableError } from '@spillway/core'
import type { WireModel, WireModelVersion } from '@spillway/protocol/wire'
import type { AssetClient, FindAssetOptions, FoundAsset } from './asset-client.js'
import { requireDigest, type VersionedName } from './asset-name.js'
import { versionOfContent } from './pinned-content.js'
import { isUnknownPath } from './unknown-path.js'

type Asked = Pick<FindAssetOptions, 'signal'>

/** See `AssetClient.asset`. */
export async function findAsset(
  client: AssetClient,
  { version, digest, ...name }: VersionedName,
  { kind, signal }: FindAssetOptions,
): Promise<FoundAsset> {
  if (digest !== undefined) requireDigest(digest)
  const kinds: readonly AssetKind[] = kind === undefined ? ['volume', 'model', 'skill'] : [kind]
  const found = await Promise.all(
    kinds.map(each => unlessAbsent(lookUp(client, name, { kind: each, signal }))),
  )
  const refusals = found.filter(isTableError)
  const [first, second] = found.flatMap(each => (isTableError(each) ? [] : [each]))
  const text = `${name.share}.${name.schema}.${name.name}`
  if (second !== undefined) {
    throw new TableError(
      'INVALID_REQUEST',
      `${text} is a ${first!.kind} and a ${second.kind}: say which kind is meant`,
    )
  }
  if (first === undefined) {
    // What is said of the request may be the reason.
    const told = refusals.find(({ code }) => code !== 'NOT_FOUND')
    if (told !== undefined) throw told
    throw new TableError(
      'NOT_FOUND',
      `no ${kind ?? 'volume, model or skill'} ${text} is shared with this profile`,
    )
  }
  if (first.kind !== 'model') {
    const { kind: found, asset } = first
    const folder = { ...nameOf(asset), kind: found }
    return { kind: found, asset, folder, snapshotId: version, digest }
  }
  const chosen =
    version === undefined && digest !== undefined
      ? await versionOfContent(client, first.asset, { digest, signal })
      : await versionOf(client, first.asset, { version, signal })
  const folder = { ...nameOf(first.asset), kind: 'model', version: chosen.version } as const
  return { kind: 'model', asset: first.asset, folder, version: chosen, digest }
}

/** As the server spells it: names are told in any case, and folders are known by them. */
function nameOf({ share, schema, name }: AssetName): AssetName {
  return { share, schema, name }
}

async function lookUp(
  client: AssetClient,
  name: AssetName,
  { kind, signal }: { readonly kind: AssetKind } & Asked,
) {
  switch (kind) {
    case 'volume':
      return { kind, asset: await client.volume(name, signal) } as const
    case 'model':
      return { kind, asset: await client.model(name, signal) } as const
    case 'skill':
      return { kind, asset: await client.skill(name, signal) } as const
  }
}

/** A server that has no assets of a kind answers their path as it answers any that it does not have. */
async function unlessAbsent<T>(asked: Promise<T>): Promise<T | TableError> {
  try {
    return await asked
  } catch (error) {
    if (isUnknownPath(error)) return error
    throw error
  }
}

async function versionOf(
  client: AssetClient,
  model: WireModel,
  { version, signal }: { readonly version: string | undefined } & Asked,
): Promise<WireModelVersion> {
  if (version === undefined) return newestVersion(client, model, signal)
  const found = await client.modelVersion(
    model,
    /^[1-9]\d{0,14}$/.test(version) ? Number(version) : version,
    signal,
  )
  if (found.modelName === model.name && String(found.version) === version) return found
  // An alias is what its version says it is; a number is no other number.
  if (found.modelName === model.name && !/^[1-9]\d{0,14}$/.test(version)) return found
  throw new TableError(
    'TABLE_CORRUPT',
    `the server's answer cannot be used: asked for ${model.name}@${version}, it gives ${found.modelName}@${found.version}`,
  )
}

async function newestVersion(
  client: AssetClient,
  model: WireModel,
  signal: AbortSignal | undefined,
): Promise<WireModelVersion> {
  let newest: WireModelVersion | undefined
  for await (const each of client.modelVersions(model, signal && { signal })) {
    if (each.status !== 'READY') continue
    if (newest === undefined || each.version > newest.version) newest = each
  }
  if (newest !== undefined) return newest
  throw new TableError(
    'NOT_FOUND',
    `the model ${model.share}.${model.schema}.${model.name} has no version that is ready`,
  )
}
