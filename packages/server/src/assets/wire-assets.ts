import type {
  CredentialVendor,
  SharedAsset,
  SharedModel,
  SharedModelVersion,
  SharedSkill,
  SharedVolume,
  SkillFacts,
  WritableJson,
} from '@spillway/core'
import { accessModesOf, withSlash } from '../access/shared-folder.js'

/** OpenSharing VOLUMES.md, "Volume", and how its files can be reached. */
export function wireVolume(
  volume: SharedVolume,
  vendors: readonly CredentialVendor[],
): { readonly [key: string]: WritableJson } {
  const path = `${volume.schema}/volumes/${volume.name}/`
  return { ...wireAsset(volume), ...placeOf(volume, { location: volume.location, path, vendors }) }
}

/** AGENT_SKILLS.md, "AgentSkill", with the digest of the file that says it. */
export function wireSkill(
  skill: SharedSkill,
  facts: SkillFacts,
  vendors: readonly CredentialVendor[],
): { readonly [key: string]: WritableJson } {
  const path = `${skill.schema}/skills/${skill.name}/`
  const { description, license, compatibility, allowedTools, metadata, sha256 } = facts
  return {
    ...wireAsset(skill),
    description,
    ...placeOf(skill, { location: skill.location, path, vendors }),
    license,
    compatibility,
    allowedTools,
    metadata,
    digest: `sha256:${sha256}`,
  }
}

/** ML_MODELS.md, "RegisteredModel". */
export function wireModel(model: SharedModel): { readonly [key: string]: WritableJson } {
  return { ...wireAsset(model), comment: model.comment }
}

/** ML_MODELS.md, "ModelVersion", with its aliases. */
export function wireModelVersion(
  model: SharedModel,
  version: SharedModelVersion,
  vendors: readonly CredentialVendor[],
): { readonly [key: string]: WritableJson } {
  const { share, schema, name: modelName } = model
  const { version: number, status, location, id, aliases, comment, source, runId } = version
  const path = `${schema}/models/${modelName}/${number}/`
  const place = placeOf(model, { location, path, vendors })
  const facts = { modelName, schema, share, version: number, status, id }
  return { ...facts, ...place, aliases, comment, source, runId }
}

function wireAsset({ name, schema, share, shareId, id }: SharedAsset) {
  return { name, schema, share, shareId, id }
}

/**
 * Where an asset lies is told where its folder can be opened. The member is required, so that of others a name stands there
 * which says nothing of the provider's storage.
 */
function placeOf(
  asset: SharedAsset,
  place: {
    readonly location: string
    readonly path: string
    readonly vendors: readonly CredentialVendor[]
  },
) {
  const accessModes = accessModesOf(asset, place.location, place.vendors)
  const own = `opensharing://${encodeURI(`${asset.share}/${place.path}`)}`
  const storageLocation = accessModes.includes('dir') ? withSlash(place.location) : own
  return { storageLocation, accessModes }
}
