export type { Authorization, ClientCredentials } from './authorization.js'
export type { HttpOptions } from './http.js'
export type { ClientCapabilities, PollOptions, QueryOptions, TableAnswer } from './query.js'
export type { FileAction, MetaDataAction, ProtocolAction } from './read-actions.js'
export type { RetryOptions } from './retry.js'
export {
  type ChangesOptions,
  type ClientOptions,
  createSharingClient,
  DEFAULT_CAPABILITIES,
  type MetadataOptions,
  type SharingClient,
} from './sharing-client.js'
export { parseTableName, type TableName, tablePath } from './table-name.js'
