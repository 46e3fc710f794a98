export { askAhead } from './attach/ask-ahead.js'
export { attachShare } from './attach-share.js'
export { memberNames } from './run/member-names.js'
export { resultFields } from './run/result-fields.js'
export { type ColumnType, type ColumnValue, columnJson } from './run/value-json.js'
export type {
  AttachedShare,
  AttachedTable,
  AttachOptions,
  JsonRow,
  PartitionExplanation,
  QuerySqlOptions,
  ResultColumn,
  ResultRow,
  ResultValue,
  ScanExplanation,
  ScanProgress,
  ShareExplanation,
  ShareProfile,
  ShareResult,
  ShareTransport,
  SqlParameter,
} from './share/attached-share.js'
export { type SplitSql, splitSql } from './sql/split-sql.js'
