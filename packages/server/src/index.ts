export type { AccessLog, AccessRecord } from './access-log.js'
export { tokenHash } from './authenticate.js'
export type { Peer } from './authentication-guard.js'
export { checkSharesConfig, type SharesConfig } from './config-schema.js'
export { type ConfigShares, createConfigShares } from './config-shares.js'
export { type CorsOptions, isCorsOrigin, withCors } from './cors.js'
export {
  type FileDownloadsOptions,
  type FileGateway,
  fileDownloads,
} from './file-downloads.js'
export { createSharingServer, type SharingServer, type SharingServerOptions } from './handler.js'
export { DEFAULT_LIMITS, type ServerLimits } from './request-context.js'
export type { SignedEntry, SignedLedger } from './signed-ledger.js'
