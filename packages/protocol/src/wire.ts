// What a recipient needs of the wire, and nothing of Node's: this entry runs in browsers. `scripts/check-boundaries.mjs`
// holds it to that.
export type * from './actions.js'
export { decodeLine } from './decode.js'
export type { ParsedHint, UnappliedPart } from './hint.js'
export { parseJsonPredicate } from './json-predicate.js'
export { type JsonValue, parseJson, RawJson, type WireValue, writeJson } from './json-text.js'
export { type Profile, parseProfile, profileText } from './profile.js'
export { parseSqlPredicate } from './sql-predicate.js'
