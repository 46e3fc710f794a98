export type { Hasher, HashOptions } from './manifest/hasher.js'
export { createManifest, type Manifest, type ManifestEntry } from './manifest/manifest.js'
export { diffManifests, type ManifestDiff } from './manifest/manifest-diff.js'
export {
  MODEL_SIGNING_IGNORES,
  type ModelSigningOptions,
  manifestDigest,
  modelSigningDigest,
} from './manifest/manifest-digest.js'
export { encodeManifest, manifestParts, readManifest } from './manifest/manifest-text.js'
export type {
  PathFault,
  PathFaultKind,
  PathRefusalOptions,
} from './paths/path-fault.js'
export { requireSafePaths } from './paths/path-list.js'
export {
  MAX_PATH_BYTES,
  MAX_SEGMENT_BYTES,
  pathFault,
  requireSafePath,
} from './paths/safe-path.js'
