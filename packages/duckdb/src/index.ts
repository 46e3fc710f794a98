export { arrowIpc } from './arrow-ipc.js'
export { type CleanOptions, cleanStaging } from './clean-staging.js'
export {
  type Chunk,
  type Connection,
  chunkRows,
  type DuckDb,
  type DuckDbOptions,
  duckDb,
  type Row,
  type RowValue,
  type SqlAnswer,
} from './connection.js'
export type { Json } from './json.js'
export { type DuckdbParquetReaderOptions, duckdbParquetReader } from './parquet-reader.js'
export { predicateSql } from './predicate-sql.js'
export { rowJson, valueJson } from './row-json.js'
export { type RowResolverOptions, rowResolver } from './row-resolver.js'
export { sweepScratch } from './scratch-folder.js'
export { attachShare } from './share/attach-share.js'
export { resultFields } from './share/result-fields.js'
export type {
  AttachedShare,
  AttachedTable,
  AttachOptions,
  PartitionExplanation,
  QuerySqlOptions,
  ResultColumn,
  ScanExplanation,
  ScanProgress,
  ShareExplanation,
  ShareProfile,
  ShareResult,
  ShareTransport,
  SqlParameter,
} from './share/types.js'
export { type SplitSql, splitSql } from './split-sql.js'
export {
  liveFiles,
  type RowAnswer,
  type RowQuery,
  type TableRows,
  type TableRowsOptions,
  tableRows,
} from './table-rows.js'
export { arrowBatch, arrowSchema, toArrow } from './to-arrow.js'
export { variantJson } from './variant-json.js'
