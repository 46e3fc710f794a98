export { type PathFilterOptions, pathFilter } from './filters/path-filter.js'
export { mediaTypeOf } from './folders/media-type.js'
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
export {
  type MlModel,
  type MlSignature,
  readMlModel,
  type UnsafeFlavor,
  unsafeFlavors,
} from './models/mlmodel.js'
export { findPickle, type PickleFinding, pickleByName } from './models/pickle.js'
export { type RangedFile, storedFile } from './models/ranged-file.js'
export {
  readSafetensorsHeader,
  type SafetensorsHeader,
  type TensorInfo,
} from './models/safetensors.js'
export {
  readShardedIndex,
  type Shard,
  type ShardedIndex,
  shardFaults,
} from './models/sharded-index.js'
export { foldedPath } from './paths/folded-path.js'
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
export {
  type ModelSignature,
  type ModelSigner,
  type ReadSignatureOptions,
  readModelSignature,
  type SignatureMaterial,
  type VerifiedSignature,
} from './signatures/read-signature.js'
export {
  type CompareSignedOptions,
  compareSigned,
  type SignedFiles,
  type UnsignedFile,
} from './signatures/signed-files.js'
export type { ModelStatement, SignedFile } from './signatures/statement.js'
export { skillSizeWarnings } from './skills/agent-limits.js'
export {
  type McpSkill,
  type McpSkillOptions,
  mcpSkill,
  type SkillArtifact,
  WELL_KNOWN_SCHEMA,
  type WellKnownIndex,
  wellKnownIndex,
} from './skills/discovery.js'
export { type ReadSkillOptions, readSkill } from './skills/read-skill.js'
export type { Skill, SkillReading, SkillWarning } from './skills/skill.js'
export { findSkillFile } from './skills/skill-file.js'
export { requireStrictSkill, strictSkillFaults } from './skills/strict-skill.js'
