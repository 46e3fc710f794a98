export { AvroCursor } from './avro/avro-cursor.js'
export { type AvroBlock, type AvroFile, openAvroFile, readAvroFile } from './avro/avro-file.js'
export { avroValueSteps, readAvroRows } from './avro/avro-rows.js'
export { type AvroSink, type AvroStep, compileAvroScan } from './avro/avro-scan.js'
export { avroTextInSteps, parseAvroSchema, parseAvroSchemaLater } from './avro/avro-schema.js'
export {
  type AvroField,
  type AvroLogical,
  type AvroRecord,
  type AvroType,
  avroField,
  withoutNull,
} from './avro/avro-type.js'
export { type AvroObject, type AvroValue, compileAvroReader } from './avro/avro-value.js'
export { weightOf } from './avro/avro-weight.js'
export { crc32, crc32c } from './bytes/crc32.js'
export { located } from './bytes/located.js'
export { xxHash64 } from './bytes/xxhash.js'
export { firstPathNotUtf8 } from './columns/utf8-rows.js'
export { widenValue } from './columns/widen-value.js'
export { documentBytes, documentText } from './compression/inflate.js'
export { Inflation } from './compression/inflation.js'
export {
  addColumn,
  addPaths,
  addStats,
  readBytesColumn,
  readColumn,
  readPaths,
  readStats,
} from './frames/column-frames.js'
export { Frames, FrameWriter } from './frames/frames.js'
export { readSpilled } from './frames/spilled.js'
export { HFile } from './hfile/hfile.js'
export type { HFileSource } from './hfile/hfile-source.js'
export { parseExactJson, valueText } from './json/exact-json.js'
export { parseJsonWithin } from './json/json-limits.js'
export { type JsonLine, type JsonLinesOptions, jsonLines } from './json/json-lines.js'
export {
  type LongJsonObject,
  type LongJsonOptions,
  type LongJsonValue,
  LongObject,
  longJsonInSteps,
  MAX_MEMBERS,
  parseLongJson,
} from './json/long-json.js'
export { readParquetFooterBytes } from './parquet/footer/footer-bytes.js'
export { requireFooterRows } from './parquet/footer/footer-rows.js'
export { keepRowGroups } from './parquet/footer/keep-row-groups.js'
export { oldCalendar } from './parquet/footer/old-calendar.js'
export { columnlessRows, doubtedColumns } from './parquet/footer/parquet-doubts.js'
export {
  parseLongMetadata,
  parseParquetMetadata,
  readParquetFooter,
} from './parquet/footer/parquet-footer.js'
export type * from './parquet/footer/parquet-metadata.js'
export type { ParquetMetadata } from './parquet/footer/parquet-metadata.js'
export {
  columnStats,
  columnStatsInSteps,
  type FooterStats,
  footerStats,
  footerStatsTable,
} from './parquet/footer/parquet-stats.js'
export { viewFooter } from './parquet/footer/view-footer.js'
export { type ReadBytes, requirePageClaims } from './parquet/pages/page-claims.js'
export { cutNanos } from './parquet/row-groups/cut-nanos.js'
export { parquetReader } from './parquet/row-groups/parquet-reader.js'
export { readParquetRows } from './parquet/row-groups/parquet-rows.js'
export type * from './parquet/schema/parquet-types.js'
export { fileShapes, type LearningShapes } from './parquet/shape/file-shapes.js'
export { pandasIndexes } from './parquet/shape/pandas-indexes.js'
export { parquetFields, parquetFieldsInSteps } from './parquet/shape/parquet-fields.js'
export {
  type ParquetAnnotation,
  type ParquetShape,
  type ParquetShapeNode,
  parquetShape,
} from './parquet/shape/parquet-shape.js'
export {
  type PuffinBlob,
  type PuffinFooter,
  parsePuffinFooter,
  readPuffinBlob,
  readPuffinFooter,
  unwrapDeletionVector,
} from './puffin.js'
export { type Roaring64, readRoaring64, readRoaring64InSteps } from './roaring/roaring.js'
export { writeRoaring64 } from './roaring/roaring-writer.js'
export { VECTOR_MAGIC_BYTES, vectorBytes, vectorBytesInSteps } from './roaring/vector-bytes.js'
export {
  checkVector,
  corruptVector,
  requireRowsOf,
  vectorPositions,
} from './roaring/vector-check.js'
