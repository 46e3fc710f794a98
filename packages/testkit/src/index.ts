export {
  fileIndex,
  filePath,
  type LogicalFile,
  type LogicalRow,
  type LogicalTable,
  liveRows,
  type TableWriter,
} from './logical-table.js'
export { allReadings, type RowTest, rowTest, type Truth } from './oracle.js'
export type { Reading } from './oracle-compare.js'
export { Random } from './random.js'
export { randomLiteral, randomPredicate } from './random-predicate.js'
export { randomTable, type TableShape } from './random-table.js'
export { COMPARABLE_TYPES, interestingValues } from './random-value.js'
export { type SignerSubject, signerSuite } from './signer-suite.js'
export { flatStoreSuite, type StoreSubject, storeSuite } from './store-suite.js'
export { AWKWARD_NAMES, collect, failureCode, type SuiteCase } from './suite.js'
export { keepingCache } from './table-cache.js'
