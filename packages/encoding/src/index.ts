export { AvroCursor } from './avro-cursor.js'
export { type AvroBlock, type AvroFile, located, openAvroFile, readAvroFile } from './avro-file.js'
export { avroValueSteps, readAvroRows } from './avro-rows.js'
export {
  type AvroBytes,
  type AvroSink,
  type AvroStep,
  compileAvroScan,
  compileAvroSkip,
} from './avro-scan.js'
export {
  type AvroField,
  type AvroLogical,
  type AvroPrimitive,
  type AvroRecord,
  type AvroType,
  avroField,
  avroTextInSteps,
  parseAvroSchema,
  parseAvroSchemaLater,
  withoutNull,
} from './avro-schema.js'
export {
  type AvroObject,
  type AvroValue,
  compileAvroReader,
  readAvroValue,
} from './avro-value.js'
export { type AvroWeight, avroWeight, weightOf } from './avro-weight.js'
export { crc32, crc32c } from './crc32.js'
export {
  type ExactJsonOptions,
  ExactNumber,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  LongObject,
  parseExactJson,
  valueText,
} from './exact-json.js'
export { type FileShapesOptions, fileShapes, type LearningShapes } from './file-shapes.js'
export { readParquetFooterBytes } from './footer-bytes.js'
export { requireFooterRows } from './footer-rows.js'
export { HFile, type HFileEntry, type HFileSource } from './hfile.js'
export { documentBytes, documentText, inflateDocument, requireDocument } from './inflate.js'
export { Inflation, type InflationOf } from './inflation.js'
export { type JsonLimits, parseJson, requireJsonWithin } from './json-limits.js'
export { forEachJsonLine, type JsonLine, type JsonLinesOptions, jsonLines } from './json-lines.js'
export { keepRowGroups } from './keep-row-groups.js'
export { type LongJsonOptions, longJsonInSteps, MAX_MEMBERS, parseLongJson } from './long-json.js'
export { type OldCalendar, oldCalendar } from './old-calendar.js'
export { type ReadBytes, requirePageClaims } from './page-claims.js'
export { pandasIndexes } from './pandas-indexes.js'
export { columnlessRows, doubtedColumns } from './parquet-doubts.js'
export { parquetFields, parquetFieldsInSteps } from './parquet-fields.js'
export {
  type ParquetMetadata,
  parseLongMetadata,
  parseParquetMetadata,
  readParquetFooter,
} from './parquet-footer.js'
export { parquetReader } from './parquet-reader.js'
export { readParquetRows } from './parquet-rows.js'
export {
  type ParquetAnnotation,
  type ParquetShape,
  type ParquetShapeNode,
  parquetShape,
} from './parquet-shape.js'
export {
  columnStats,
  columnStatsInSteps,
  type FooterStats,
  footerStats,
  footerStatsTable,
} from './parquet-stats.js'
export type * from './parquet-types.js'
export { plainColumn } from './plain-column.js'
export {
  type PuffinBlob,
  type PuffinFooter,
  parsePuffinFooter,
  readPuffinBlob,
  readPuffinFooter,
  unwrapDeletionVector,
} from './puffin.js'
export {
  type Roaring64,
  type RoaringExtent,
  readRoaring32,
  readRoaring64,
  readRoaring64InSteps,
  roaring64Extent,
} from './roaring.js'
export { writeRoaring64, writeRoaring64InSteps } from './roaring-writer.js'
export { firstRowNotUtf8 } from './utf8-rows.js'
export {
  VECTOR_MAGIC,
  VECTOR_MAGIC_BYTES,
  vectorBytes,
  vectorBytesInSteps,
} from './vector-bytes.js'
export { checkVector, corruptVector, requireRowsOf, vectorPositions } from './vector-check.js'
export { viewFooter } from './view-footer.js'
export { widenValue } from './widen-value.js'
export { xxHash64 } from './xxhash.js'
export { z85Decode, z85DecodeInSteps, z85Encode, z85EncodeInSteps } from './z85.js'
