export { arrowIpc } from './arrow-ipc.js'
export { type CleanOptions, cleanStaging } from './clean-staging.js'
export { type ColumnSource, columnSql } from './column-sql.js'
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
  sessionOn,
} from './connection.js'
export { readVector } from './deletion-vector.js'
export { type BelievedShape, believedShapes, fileRows } from './file-rows.js'
export type { FileShape } from './file-shape.js'
export type { Json } from './json.js'
export { sourceOf } from './live-rows.js'
export { rowJson, valueJson } from './row-json.js'
export { type RowResolverOptions, rowResolver } from './row-resolver.js'
export { scratchFolder, sweepScratch } from './scratch-folder.js'
export { quoteName, quoteText } from './sql-text.js'
export { isJson, type SqlType, sqlTypeOf, sqlTypeText } from './sql-type.js'
export {
  type RowAnswer,
  type RowQuery,
  type TableRows,
  type TableRowsOptions,
  tableRows,
} from './table-rows.js'
export { arrowBatch, arrowSchema, toArrow } from './to-arrow.js'
export { isUndecodable } from './undecodable.js'
export { variantJson } from './variant-json.js'
