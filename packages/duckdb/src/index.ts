export { attachShare } from './attach-share.js'
export { resultFields } from './run/result-fields.js'
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
} from './share/attached-share.js'
export { type SplitSql, splitSql } from './sql/split-sql.js'
