export type * from './actions.js'
export {
  type Capabilities,
  capabilitiesHeader,
  parseCapabilities,
  type Settled,
  settle,
} from './capabilities.js'
export {
  columnLookup,
  declaredPartitionFields,
  mapsColumns,
  misreadTimes,
} from './column-lookup.js'
export { decodeLine } from './decode.js'
export { passesOriginals } from './delta-documents.js'
export { encodeDeltaFile } from './encode-delta.js'
export { encodeEnd, encodeQueryStatus } from './encode-end.js'
export {
  encodeHeader,
  encodeHeaderInSteps,
  encodeMetaData,
  encodeMetaDataInSteps,
  encodeProtocol,
  type HeaderOptions,
} from './encode-header.js'
export { encodeParquetFile } from './encode-parquet.js'
export { type ErrorBody, WIRE_ERRORS, type WireError, wireError } from './errors.js'
export { type FileIdScheme, fileId } from './file-id.js'
export type { ParsedHint, UnappliedPart } from './hint.js'
export { parseJsonPredicate } from './json-predicate.js'
export { type JsonValue, parseJson, RawJson, type WireValue, writeJson } from './json-text.js'
export type { LineOptions, WireFile } from './line-options.js'
export { createTokenCodec, type TokenCodec, type TokenUse } from './page-token.js'
export { type Profile, parseProfile, profileText } from './profile.js'
export {
  parseQueryInfoRequest,
  parseQueryRequest,
  type QueryInfoRequest,
  type QueryRequest,
} from './query-request.js'
export { type SchemaStringOptions, schemaString, strippedSchemaString } from './schema-string.js'
export { shownValue } from './shown-value.js'
export { parseSqlPredicate } from './sql-predicate.js'
export { type StatsStringOptions, statsString } from './stats-string.js'
export { tableFeatures } from './table-features.js'
