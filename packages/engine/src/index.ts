export type { EngineObserver } from './calls/metrics.js'
export { type Question, reasonOf, Waits } from './calls/waits.js'
export type {
  SignedChange,
  SignedChangeSet,
  SignedChanges,
  SignedChangesOptions,
} from './changes/signed-changes.js'
export { createEngine, type Engine, type EngineOptions } from './engine.js'
export {
  type FileSurvey,
  type RecipientSurvey,
  type SurveyOptions,
  surveyFiles,
} from './fitting/file-survey.js'
export { partitionGrant } from './grants/partition-grant.js'
export { filesInside, OutsideFinder } from './roots/outside-files.js'
export type { SignedFile, SignedVector } from './signing/sign-exact.js'
export type { SignedFiles, SignedFilesOptions } from './signing/signed-files.js'
export {
  type BatchCacheStats,
  createBatchCache,
  type MeasuredBatchCache,
} from './snapshots/batch-cache.js'
