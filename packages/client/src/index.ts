export { type ErrorCode, isTableError, TableError } from '@spillway/core'
export { type Profile, parseProfile } from '@spillway/protocol/wire'
export type { HttpOptions } from './http.js'
export { type ClientCapabilities, DEFAULT_CAPABILITIES } from './negotiate.js'
export { tablePath } from './paths.js'
export type { PollOptions } from './poll.js'
export { profileFromEnvironment } from './profile-environment.js'
export type { QueryOptions, TableAnswer } from './query.js'
export type { FileAction, MetaDataAction, ProtocolAction } from './read-actions.js'
export type { RetryOptions } from './retry.js'
export {
  type ClientOptions,
  createSharingClient,
  type ListingOptions,
  type SharingClient,
} from './sharing-client.js'
export type { ChangesOptions } from './table-changes.js'
export type { MetadataOptions, TableMetadataAnswer } from './table-metadata.js'
export { parseTableName, type TableName } from './table-name.js'
export type { VersionOptions } from './table-version.js'
export type { Timeouts } from './watch.js'
