export { attachShare } from './attach-share.js'
export { resultFields } from './result-fields.js'
export { type SplitSql, splitSql } from './split-sql.js'
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
} from './types.js'
