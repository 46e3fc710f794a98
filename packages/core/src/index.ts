export {
  BUDGET_CEILINGS,
  budgetsOf,
  DEFAULT_BUDGETS,
  MAX_TEXT_BYTES,
  type OverBudget,
  overBudget,
  type ReadBudgets,
  requireWithin,
  SMALL_INFLATION,
  withBudgets,
} from './budgets.js'
export type * from './column.js'
export {
  columnByteLength,
  decodeText,
  isValid,
  readBytes,
  readString,
  readValue,
} from './column.js'
export {
  BytesBuilder,
  builderOf,
  type ColumnBuilder,
  columnBuilder,
  DictionaryBuilder,
} from './column-builder.js'
export { type ColumnIndex, columnIndex } from './column-index.js'
export { crc32, summedInSteps } from './crc32.js'
export type * from './credential-vendor.js'
export {
  type ErrorCode,
  type ErrorContext,
  isTableError,
  TableError,
  throwIfCancelled,
} from './errors.js'
export type * from './exact-rows.js'
export { fencedStore } from './fenced-store.js'
export type * from './files.js'
export {
  byFieldId,
  byName,
  columnFinder,
  type FindColumn,
  type FoundColumn,
  mappedNames,
  mappedNamesInSteps,
  NAME_MAPPING,
} from './find-column.js'
export { readFramedBitmap, type StoredBitmap } from './framed-bitmap.js'
export { grown, trimmed } from './growth.js'
export { hash64, hash64Into } from './hash.js'
export { isLeftBehind, makerTag, type ThisMachine, type ThisProcess } from './left-behind.js'
export { mapConcurrently } from './map-concurrently.js'
export { type Moment, parseDate, parseMoment, parseTime } from './moment.js'
export type * from './object-store.js'
export { outsideRefusal } from './outside-refusal.js'
export { leafKey, type ParquetBatch, type ParquetLeaf, type ParquetReader } from './parquet.js'
export type * from './parquet-shape.js'
export { PANDAS_INDEXES } from './parquet-shape.js'
export {
  and,
  type BoundPredicate,
  type BoundReference,
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
  not,
  notEq,
  notNull,
  or,
  type Positive,
  type Predicate,
  type PrunePredicate,
  type Reference,
  startsWith,
  unknown,
} from './predicate.js'
export { type ReadListedOptions, readListed, readWhole } from './read-listed.js'
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
} from './schema.js'
export { except, intersect, type Selection, selectAll, unionOf } from './selection.js'
export type * from './share-catalog.js'
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
} from './slices.js'
export type * from './snapshot.js'
export { sorted } from './sorted.js'
export {
  type ColumnStats,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type StatsTable,
  unknownStats,
} from './stats.js'
export { movedVector, storedBitmap } from './stored-bitmap.js'
export {
  folderOf,
  refuseClimbing,
  type TableRoots,
  type TableRootsOptions,
  tableRoots,
} from './table-roots.js'
export type * from './transform.js'
export { unescapePath } from './unescape-path.js'
export type * from './url-signer.js'
export {
  compareBytes,
  compareValues,
  decodeWideDecimal,
  encodeWideDecimal,
  type Literal,
  literal,
  type PhysicalKind,
  physicalKind,
  type Value,
} from './value.js'
