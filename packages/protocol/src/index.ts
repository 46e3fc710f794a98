export type * from './actions/actions.js'
export { decodeLine } from './actions/decode.js'
export {
  type Capabilities,
  capabilitiesHeader,
  parseCapabilities,
} from './capabilities/capabilities.js'
export { declaredPartitionFields } from './capabilities/column-lookup.js'
export { type Negotiated, negotiate } from './capabilities/negotiate.js'
export { shownValue } from './capabilities/shown-value.js'
export { type ErrorBody, WIRE_ERRORS, type WireError, wireError } from './errors.js'
export {
  type ParsedHint,
  SQL_HINTS_HEADER,
  SQL_HINTS_VERSION,
  type UnappliedPart,
} from './hints/hint.js'
export { parseJsonPredicate } from './hints/json-predicate.js'
export { parseSqlPredicate } from './hints/sql-predicate.js'
export { type SchemaStringOptions, schemaString } from './json/schema-string.js'
export { type StatsStringOptions, statsString } from './json/stats-string.js'
export { passesAsRecorded } from './lines/delta-documents.js'
export { deltaLines } from './lines/encode-delta.js'
export { encodeEnd, encodeQueryStatus } from './lines/encode-end.js'
export {
  encodeHeader,
  encodeHeaderInSteps,
  encodeMetaDataInSteps,
  encodeProtocol,
  type HeaderOptions,
} from './lines/encode-header.js'
export { parquetLines } from './lines/encode-parquet.js'
export type { FileIdScheme } from './lines/file-id.js'
export type { LineOptions, WireFile } from './lines/line-options.js'
export { type Profile, parseProfile, profileText } from './profile.js'
export {
  parseQueryInfoRequest,
  parseQueryRequest,
  type QueryInfoRequest,
  type QueryRequest,
} from './requests/query-request.js'
export { createTokenCodec, type TokenCodec, type TokenUse } from './requests/token-codec.js'
