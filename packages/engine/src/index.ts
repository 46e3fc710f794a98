export {
  type BatchCacheStats,
  createBatchCache,
  type MeasuredBatchCache,
} from './batch-cache.js'
export { createEngine, type Engine, type EngineOptions } from './engine.js'
export {
  type EvidenceOptions,
  type FileEvidence,
  fileEvidence,
  type RecipientEvidence,
} from './file-evidence.js'
export type { EngineObserver } from './metrics.js'
export { filesInside, OutsideFinder } from './outside-files.js'
export { partitionGrant } from './partition-grant.js'
export type { SignedFile, SignedVector } from './sign-exact.js'
export type {
  SignedChange,
  SignedChangeSet,
  SignedChanges,
  SignedChangesOptions,
} from './signed-changes.js'
export type { SignedFiles, SignedFilesOptions } from './signed-files.js'
export { type Question, reasonOf, Waits } from './waits.js'
