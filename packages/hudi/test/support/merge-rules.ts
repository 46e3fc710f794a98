import type { MergeRule } from '../../src/config/merge-rule.js'

/** The rules that tables state, by the ordering that they ask for. */
export const rules = {
  commitTime: { orderLogs: false, orderBase: false, deletesBase: false, orderingFields: [] },
  eventTime: { orderLogs: true, orderBase: true, deletesBase: false, orderingFields: ['ts'] },
  overwriteV6: { orderLogs: true, orderBase: false, deletesBase: true, orderingFields: ['ts'] },
  eventTimeV6: { orderLogs: true, orderBase: true, deletesBase: true, orderingFields: ['ts'] },
} satisfies Record<string, MergeRule>
