export { type Bound, bind, type Unapplied } from './bind/bind.js'
export {
  type BoundLiteral,
  type CoerceContext,
  type CoerceOptions,
  coerceLiteral,
  type ZonelessLiterals,
} from './bind/literal.js'
export {
  type Explanation,
  explain,
  explainScan,
  explanationLines,
  type FileExplanation,
} from './explain.js'
export {
  type PlannedFiles,
  planScan,
  type ScanMetrics,
  type ScanOptions,
  type ScanPlan,
} from './plan.js'
export { fieldsOf } from './predicates/fields.js'
export { literalText, predicateText } from './predicates/predicate-text.js'
export { notTrue, rewriteNot } from './predicates/rewrite-not.js'
export { bucketOf, murmur3 } from './prune/bucket.js'
export { matchesAll, prune } from './prune/prune.js'
export type { PageMark } from './scan/page.js'
