export { AvroWriter, avroFile } from './avro-writer.js'
export {
  type DeltaAction,
  type DeltaField,
  type DeltaFileOptions,
  type DeltaTable,
  type DeltaTableOptions,
  type DeltaVector,
  deltaAdd,
  deltaCdc,
  deltaMetadata,
  deltaProtocol,
  deltaRemove,
  deltaTable,
  deltaVersion,
  jsonLinesOf,
} from './delta-table.js'
export { ByteWriter, type HFileOptions, hfileBytes } from './hfile-writer.js'
export { type HudiLogBlock, hudiAvroContent, hudiDeleteContent, hudiLog } from './hudi-log.js'
export {
  type HudiBound,
  type HudiColumnStats,
  hudiFilesRecord,
  hudiStatsKey,
  hudiStatsRecord,
} from './hudi-metadata.js'
export {
  type HudiCommit,
  type HudiFile,
  type HudiTableOptions,
  hudiTableObjects,
} from './hudi-table.js'
export {
  icebergManifest,
  type ManifestEntry,
  type ManifestOptions,
  type PartitionColumn,
} from './iceberg-manifest.js'
export {
  fieldJson,
  type IcebergTableOptions,
  icebergManifestList,
  type ListedManifest,
  type ListedSummary,
  writeIcebergTable,
} from './iceberg-table.js'
export { icebergBytes } from './iceberg-values.js'
export {
  fileIndex,
  filePath,
  type LogicalFile,
  type LogicalRow,
  type LogicalTable,
  liveRows,
  type TableWriter,
} from './logical-table.js'
export { onlyFenced } from './only-fenced.js'
export { allReadings, type RowTest, rowTest, type Truth } from './oracle.js'
export type { Reading } from './oracle-compare.js'
export {
  type ParquetChunkStats,
  type ParquetGroup,
  parquetFooterFile,
  parquetPlain,
} from './parquet-footer.js'
export { Random } from './random.js'
export { randomLiteral, randomPredicate } from './random-predicate.js'
export { randomTable, type TableShape } from './random-table.js'
export { COMPARABLE_TYPES, interestingValues } from './random-value.js'
export { type ReaderCase, type ReaderSubject, readerSuite } from './reader-suite.js'
export { type SignerSubject, signerSuite } from './signer-suite.js'
export { flatStoreSuite, type StoreSubject, storeSuite } from './store-suite.js'
export { AWKWARD_NAMES, collect, failureCode, type SuiteCase } from './suite.js'
export { SUITE_PREDICATES, suiteTable } from './suite-table.js'
export { keepingCache } from './table-cache.js'
export { readTarGz } from './tar.js'
export { ThriftWriter } from './thrift-writer.js'
export { truncateDown, truncateUp } from './truncate.js'
export { turnsDuring } from './turns-during.js'
