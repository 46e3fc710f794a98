export { type Bound, bind, type Unapplied } from './bind.js'
export { bucketOf, murmur3 } from './bucket.js'
export {
  type Explanation,
  explain,
  explainScan,
  explanationLines,
  type FileExplanation,
} from './explain.js'
export { fieldsOf } from './fields.js'
export {
  type BoundLiteral,
  type CoerceContext,
  type CoerceOptions,
  coerceLiteral,
  type ZonelessLiterals,
} from './literal.js'
export type { PageMark } from './page.js'
export {
  type PlannedFiles,
  planScan,
  type ScanMetrics,
  type ScanOptions,
  type ScanPlan,
} from './plan.js'
export { literalText, predicateText } from './predicate-text.js'
export { matchesAll, prune } from './prune.js'
export { notTrue, rewriteNot } from './rewrite-not.js'
