export { crc32, summedInSteps } from './bytes/crc32.js'
export { grown, trimmed } from './bytes/growth.js'
export { hash64, hash64Into } from './bytes/hash.js'
export { hexText, uuidText } from './bytes/hex.js'
export { z85Decode, z85Encode } from './bytes/z85.js'
export { ByteArena } from './columns/byte-arena.js'
export type * from './columns/column.js'
export {
  columnByteLength,
  decodeText,
  isValid,
  readBytes,
  readString,
  readValue,
} from './columns/column.js'
export {
  BytesBuilder,
  type ColumnBuilder,
  columnBuilder,
  DictionaryBuilder,
} from './columns/column-builder.js'
export { FoldedPaths, type SharedEnds } from './columns/folded-paths.js'
export { PathFolder } from './columns/path-folder.js'
export { type PhysicalKind, physicalKind } from './columns/physical-kind.js'
export { placeIn, startsOf } from './columns/row-starts.js'
export { everyRow, except, type Selection, selectAll, unionOf } from './columns/selection.js'
export {
  type ColumnStats,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type StatsTable,
  unknownStats,
} from './columns/stats.js'
export {
  BUDGET_CEILINGS,
  DEFAULT_BUDGETS,
  MAX_TEXT_BYTES,
  overBudget,
  type ReadBudgets,
  requireWithin,
  SMALL_INFLATION,
} from './errors/budgets.js'
export { corrupt } from './errors/corrupt.js'
export {
  type ErrorCode,
  type ErrorContext,
  isTableError,
  TableError,
  throwIfCancelled,
} from './errors/errors.js'
export { isPassingStatus } from './errors/passing-status.js'
export { hasFewMembers, hasFewValues } from './json/few-values.js'
export { closingQuote, measureJson } from './json/measure-json.js'
export {
  ExactJsonError,
  ExactNumber,
  hasLongInteger,
  isJsonObject,
  JsonBoundError,
  type JsonObject,
  type JsonValue,
  parseJson,
  parseJsonExactly,
  requireBoundedJson,
} from './json/parse-json.js'
export { RawJson, type WritableJson, writeJson } from './json/write-json.js'
export { columnIndex } from './parquet/column-index.js'
export {
  byFieldId,
  columnFinder,
  type FindColumn,
  mappedNames,
  mappedNamesInSteps,
  NAME_MAPPING,
} from './parquet/find-column.js'
export {
  leafKey,
  type ParquetBatch,
  type ParquetLeaf,
  type ParquetReader,
} from './parquet/parquet-reader.js'
export type * from './parquet/parquet-shape.js'
export {
  civilDate,
  dateText,
  epochDay,
  MICROS_PER_DAY,
  NANOS_PER_DAY,
  timestampText,
  timeText,
} from './schema/calendar.js'
export { decimalText, floorDivide } from './schema/decimal.js'
export { type Literal, literal } from './schema/literal.js'
export {
  clockNanos,
  type Moment,
  outerMicros,
  parseDate,
  parseMoment,
  parseTime,
} from './schema/moment.js'
export {
  and,
  type BoundPredicate,
  type BoundReference,
  COMPARISON_SYMBOLS,
  type ComparisonOp,
  column,
  eq,
  gt,
  gtEq,
  isIn,
  isNull,
  type Leaf,
  lt,
  ltEq,
  NEGATED_COMPARISONS,
  not,
  notEq,
  notNull,
  or,
  type Predicate,
  type PrunePredicate,
  type Reference,
  startsWith,
  unknown,
} from './schema/predicate.js'
export {
  childrenOf,
  createSchema,
  type DataType,
  type Field,
  type FieldPath,
  fixedBinaryColumns,
  isPrimitive,
  leafOf,
  mapChildren,
  type PrimitiveType,
  type Schema,
  statsLeaves,
  typeName,
} from './schema/schema.js'
export { compareBytes, compareValues, encodeWideDecimal, type Value } from './schema/value.js'
export type * from './sharing/accepts.js'
export { askInDelta } from './sharing/ask-in-delta.js'
export type * from './sharing/asset-catalog.js'
export type * from './sharing/asset-files.js'
export type * from './sharing/credential-vendor.js'
export type * from './sharing/model-registry.js'
export type * from './sharing/page.js'
export { READER_FEATURES } from './sharing/reader-features.js'
export type * from './sharing/row-resolver.js'
export type * from './sharing/served-skills.js'
export type * from './sharing/share-catalog.js'
export type * from './sharing/skill-finder.js'
export type * from './sharing/url-signer.js'
export { fencedStore } from './store/fenced-store.js'
export { isLeftBehind, makerTag } from './store/left-behind.js'
export type * from './store/object-store.js'
export { outsideRefusal } from './store/outside-refusal.js'
export { hostOfUrl, parsedUrl } from './store/parsed-url.js'
export { type ReadListedOptions, readListed, readWhole } from './store/read-listed.js'
export type * from './store/state-store.js'
export { budgetsOf, withBudgets } from './store/store-budgets.js'
export {
  folderOf,
  refuseClimbing,
  type TableRoots,
  type TableRootsOptions,
  tableRoots,
} from './store/table-roots.js'
export type * from './store/table-source.js'
export { unescapePath } from './store/unescape-path.js'
export { pathAt, pathParts } from './table/batch-paths.js'
export type * from './table/batch-spill.js'
export type * from './table/data-file.js'
export type * from './table/file-batch.js'
export type * from './table/format-facts.js'
export { readFramedBitmap, type StoredBitmap } from './table/framed-bitmap.js'
export type * from './table/partition-spec.js'
export { requireFacts } from './table/require-facts.js'
export type * from './table/snapshot.js'
export { movedVector, storedBitmap } from './table/stored-bitmap.js'
export type * from './table/table-reader.js'
export { type AdaptiveLimit, adaptiveLimit } from './tasks/adaptive-limit.js'
export { mapConcurrently } from './tasks/map-concurrently.js'
export {
  atOnce,
  awaited,
  inSlices,
  Lane,
  MANY_COLUMNS,
  nextTurn,
  Pace,
  Slices,
  type Steps,
} from './tasks/slices.js'
export { sorted } from './tasks/sorted.js'
export { untilAborted } from './tasks/until-aborted.js'
