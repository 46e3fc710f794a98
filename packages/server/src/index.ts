export { tokenHash } from './access/authenticate.js'
export type { Authenticate, AuthenticationContext } from './access/authenticate-by.js'
export { networkOf, type Peer } from './access/authentication-guard.js'
export type { OnRequest, RequestEnded, RequestEvent } from './access/request-hook.js'
export { checkSharesConfig, examineShares, sharesJsonSchema } from './config/check-shares.js'
export type { SharesConfig } from './config/config-schema.js'
export { type ConfigShares, createConfigShares } from './config/config-shares.js'
export { foundValue } from './config/found-value.js'
export { nameWarnings } from './config/name-warnings.js'
export { type ConfigProblem, schemaProblems } from './config/schema-problems.js'
export {
  type FileDownloadsOptions,
  type FileGateway,
  fileDownloads,
} from './downloads/file-downloads.js'
export type { SignedEntry, SignedLedger } from './downloads/signed-ledger.js'
export { createSharingServer, type SharingServer, type SharingServerOptions } from './handler.js'
export type { AccessLog, AccessRecord } from './http/access-log.js'
export { type CorsOptions, isCorsOrigin, withCors } from './http/cors.js'
export { checkedEndpoint, type Endpoint, pathBelow } from './http/mount-path.js'
export { askEmbedder, type EmbedderQuestion } from './limits/ask-embedder.js'
export { DEFAULT_LIMITS, type ServerLimits } from './limits/server-limits.js'
