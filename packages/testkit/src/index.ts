export { AvroWriter, avroFile } from './encodings/avro-writer.js'
export { hfileBytes } from './encodings/hfile-writer.js'
export {
  type ParquetChunkStats,
  type ParquetGroup,
  parquetFooterFile,
  parquetPlain,
} from './encodings/parquet-footer.js'
export { icebergBytes } from './encodings/single-value.js'
export { ThriftWriter } from './encodings/thrift-writer.js'
export { allReadings, rowTest } from './oracle/oracle.js'
export { cellOrder, type Reading } from './oracle/oracle-compare.js'
export {
  fileIndex,
  filePath,
  type LogicalFile,
  type LogicalRow,
  type LogicalTable,
  liveRows,
  type TableWriter,
} from './random/logical-table.js'
export { Random } from './random/random.js'
export { randomPredicate } from './random/random-predicate.js'
export { randomTable } from './random/random-table.js'
export { COMPARABLE_TYPES, interestingValues } from './random/random-value.js'
export { holdsFacts } from './suites/reader-facts.js'
export { type ReaderSubject, readerSuite } from './suites/reader-suite.js'
export { type SignerSubject, signerSuite } from './suites/signer-suite.js'
export { flatStoreSuite, type StoreSubject, storeSuite } from './suites/store-suite.js'
export { AWKWARD_NAMES, collect, failureCode } from './suites/suite.js'
export { suiteTable } from './suites/suite-table.js'
export { commandFile, compiledCommand, isCommandBuilt } from './support/command-file.js'
export { quickOr, spreadOf } from './support/long-tier.js'
export { onlyFenced } from './support/only-fenced.js'
export { keepingCache } from './support/table-cache.js'
export { readTarGz } from './support/tar.js'
export { turnsDuring } from './support/turns-during.js'
export {
  type DeltaAction,
  type DeltaFileOptions,
  type DeltaTable,
  type DeltaTableOptions,
  deltaAdd,
  deltaCdc,
  deltaMetadata,
  deltaProtocol,
  deltaRemove,
  deltaTable,
  deltaVersion,
  jsonLinesOf,
} from './tables/delta-table.js'
export { formatFacts } from './tables/format-facts.js'
export type { HudiCommit, HudiFile } from './tables/hudi-commit.js'
export { hudiAvroContent, hudiDeleteContent, hudiLog } from './tables/hudi-log.js'
export type { HudiBound, HudiColumnStats } from './tables/hudi-metadata.js'
export { type HudiTableOptions, hudiTableObjects } from './tables/hudi-table.js'
export {
  icebergManifest,
  type ManifestEntry,
  type ManifestOptions,
} from './tables/iceberg-manifest.js'
export {
  fieldJson,
  type IcebergTableOptions,
  icebergManifestList,
  type ListedManifest,
  type ListedSummary,
  writeIcebergTable,
} from './tables/iceberg-table.js'
export { truncateDown, truncateUp } from './tables/truncate.js'
