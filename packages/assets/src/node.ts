// What needs Node's own modules; everything of the main entry runs in browsers.
export {
  type AssetFilesOptions,
  createAssetFiles,
  type FileDigests,
} from './folders/asset-files.js'
export {
  type LeftOut,
  type SkillFolders,
  type SkillFoldersOptions,
  type SkillSurvey,
  skillFolders,
} from './folders/skill-folders.js'
export { AssetHasher, type AssetHasherOptions } from './hashing/asset-hasher.js'
export type { HashProgress } from './hashing/hash-pass.js'
export { type MlflowRegistryOptions, mlflowRegistry } from './registry/mlflow-registry.js'
export {
  type CertificateOptions,
  verifyByCertificate,
  verifyByKey,
} from './verification/verify-signature.js'
