// What a recipient needs of the wire, and nothing of Node's: this entry runs in browsers. `scripts/check-boundaries.mjs`
// holds it to that.
export type * from './actions/actions.js'
export { decodeLine } from './actions/decode.js'
export {
  decodeAsked,
  decodeList,
  decodeShare,
  type ListItem,
  SCHEMA,
  SHARE,
  TABLE,
} from './actions/decode-list.js'
export { isObject, type JsonObject } from './actions/lenient-body.js'
export {
  decodeCredentials,
  decodeFilePage,
  decodeSignedFiles,
  MODEL,
  MODEL_VERSION,
  SKILL,
  VOLUME,
} from './assets/asset-shapes.js'
export type * from './assets/wire-assets.js'
export {
  type ParsedHint,
  SQL_HINTS_HEADER,
  SQL_HINTS_VERSION,
  type UnappliedPart,
} from './hints/hint.js'
export { parseJsonPredicate } from './hints/json-predicate.js'
export { parseSqlPredicate } from './hints/sql-predicate.js'
export { type Profile, parseProfile, profileText } from './profile.js'
