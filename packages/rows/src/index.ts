export { type ColumnSource, columnSql } from './data-files/column-sql.js'
export { type BelievedShape, believedShapes, fileRows } from './data-files/file-rows.js'
export type { FileShape } from './data-files/file-shape.js'
export { readVector } from './merge-on-read/deletion-vector.js'
export { sourceOf } from './merge-on-read/live-rows.js'
export { type CleanOptions, cleanStaging } from './rewrite/clean-staging.js'
export { type RowResolverOptions, rowResolver } from './row-resolver.js'
export { type DuckDb, type DuckDbOptions, duckDb } from './session/duckdb.js'
export { type DuckDbApi, duckDbApi } from './session/duckdb-api.js'
export { interruptible } from './session/interruptible.js'
export {
  heldFolder,
  sweepScratch,
} from './session/scratch-folder.js'
export { type Connection, type SqlAnswer, sessionOn } from './session/session.js'
export { isUndecodable } from './session/undecodable.js'
export { quoteName, quoteText } from './sql/sql-text.js'
export { isJson, type SqlType, sqlTypeOf, sqlTypeText } from './sql/sql-type.js'
export { type RowQuery, type TableRows, type TableRowsOptions, tableRows } from './table-rows.js'
export { type Chunk, chunkRows } from './values/chunk-rows.js'
export type { Json } from './values/json.js'
export { memberNames } from './values/member-names.js'
export {
  type PlainRow,
  type PlainValue,
  plainList,
  plainMap,
  plainOrNull,
  plainRows,
  plainScalar,
  plainStruct,
  type ToPlain,
} from './values/plain-rows.js'
export type { Row, RowAnswer, RowValue } from './values/row.js'
export { type JsonRow, type RowForms, rowForms } from './values/row-forms.js'
export { rowJson, valueJson } from './values/row-json.js'
export { variantJson } from './values/variant-json.js'
