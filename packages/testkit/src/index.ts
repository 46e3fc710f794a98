export { type SignerSubject, signerSuite } from './signer-suite.js'
export { flatStoreSuite, type StoreSubject, storeSuite } from './store-suite.js'
export { AWKWARD_NAMES, collect, failureCode, type SuiteCase } from './suite.js'
