export { type ErrorCode, isTableError, TableError } from '@spillway/core'
export { type Profile, parseProfile } from '@spillway/protocol/wire'
export { type AnswerHeader, answerLog, headerText, tableOf } from './answer-log/answer-log.js'
export { type AnswerStoreOptions, answerStore, rangeOf } from './answer-log/answer-store.js'
export type {
  AssetClient,
  AssetListing,
  FetchFileOptions,
  FilesOptions,
  FileUrlsOptions,
  FindAssetOptions,
  FoundAsset,
} from './assets/asset-client.js'
export {
  type FolderName,
  folderText,
  parseAssetName,
  type VersionedName,
} from './assets/asset-name.js'
export type { OpenedFile, OpenFileOptions } from './assets/open-file.js'
export { isUnknownPath } from './assets/unknown-path.js'
export type {
  AssetDescription,
  DescribeAssetOptions,
  DescribedIndex,
  DescribedMlModel,
  DescribedPickle,
  DescribedSignature,
  DescribedSkill,
  DescribedWeights,
  FileFault,
} from './describe/asset-description.js'
export { describeAsset } from './describe/describe-asset.js'
export type {
  BytesAnswer,
  BytesBody,
  BytesReader,
  BytesRequest,
  FetchBytes,
} from './http/bytes-answer.js'
export { fetchSigned } from './http/fetch-signed.js'
export type { HttpOptions } from './http/http.js'
export { tablePath } from './http/paths.js'
export type { RetryOptions } from './http/retry.js'
export { parseTableName, type TableName } from './http/table-name.js'
export type { Timeouts } from './http/watch.js'
export { profileFromEnvironment } from './profile/profile-environment.js'
export type { AnswerFile, DeletionVector } from './query/answer-file.js'
export { type ClientCapabilities, DEFAULT_CAPABILITIES, PLAIN_FILES } from './query/check-answer.js'
export type { BoundValue, ByColumn, FileStatistics } from './query/file-statistics.js'
export type { PollOptions } from './query/poll.js'
export type { QueryOptions, TableAnswer } from './query/query.js'
export type { FileAction, MetaDataAction, ProtocolAction } from './query/read-actions.js'
export {
  type ClientOptions,
  createSharingClient,
  type ListingOptions,
  type SharingClient,
} from './sharing-client.js'
export type { ChangesOptions } from './tables/table-changes.js'
export type { MetadataOptions, TableMetadataAnswer } from './tables/table-metadata.js'
export type { VersionOptions } from './tables/table-version.js'
