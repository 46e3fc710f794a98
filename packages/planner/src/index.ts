export { bind, type Unapplied } from './bind/bind.js'
export {
  type Explanation,
  explain,
  explainScan,
  explanationLines,
  type FileExplanation,
} from './explain.js'
export { planScan, type ScanPlan } from './plan.js'
export { fieldsOf } from './predicates/fields.js'
export { rewriteNot } from './predicates/rewrite-not.js'
export { matchesAll, prune } from './prune/prune.js'
export type { PageMark } from './scan/page.js'
export type { PlannedFiles, ScanMetrics, ScanOptions } from './scan/scan-options.js'
