export { type Bound, bind, type Unapplied } from './bind/bind.js'
export type {
  BoundLiteral,
  CoerceContext,
  CoerceOptions,
  ZonelessLiterals,
} from './bind/bound-literal.js'
export { coerceLiteral } from './bind/literal.js'
export {
  type Explanation,
  explain,
  explainScan,
  explanationLines,
  type FileExplanation,
} from './explain.js'
export { planScan, type ScanPlan } from './plan.js'
export { fieldsOf } from './predicates/fields.js'
export { literalText, predicateText } from './predicates/predicate-text.js'
export { notTrue, rewriteNot } from './predicates/rewrite-not.js'
export { bucketOf, murmur3 } from './prune/bucket.js'
export { matchesAll, prune } from './prune/prune.js'
export type { PageMark } from './scan/page.js'
export type { PlannedFiles, ScanMetrics, ScanOptions } from './scan/scan-options.js'
