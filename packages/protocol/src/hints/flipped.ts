import type { ComparisonOp } from '@spillway/core'

/** The operator with its sides exchanged: `5 < id` is `id > 5`. */
export const FLIPPED: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  eq: 'eq',
  notEq: 'notEq',
  lt: 'gt',
  ltEq: 'gtEq',
  gt: 'lt',
  gtEq: 'ltEq',
}
