import type {
  DeltaFile,
  DeltaFileAction,
  DeltaMetaData,
  DeltaProtocol,
  DeltaVector,
  EndStreamAction,
  MetadataFacts,
  ParquetFile,
  ParquetMetaData,
  ParquetProtocol,
  QueryStatus,
  TableMetaData,
} from './actions.js'
import {
  ANYTHING,
  BOOLEAN,
  INTEGER,
  type Kind,
  listOf,
  type Members,
  MILLISECONDS,
  mapOf,
  optional,
  orNull,
  STRING,
  shape,
} from './shape.js'

// The interfaces of actions.ts as data: a member that is there and not here does not compile.

export const PARQUET_PROTOCOL = shape<ParquetProtocol>({ minReaderVersion: INTEGER })

export const DELTA_PROTOCOL = shape<DeltaProtocol>({
  minReaderVersion: INTEGER,
  minWriterVersion: optional(INTEGER),
  readerFeatures: optional(listOf(STRING)),
  writerFeatures: optional(listOf(STRING)),
})

const FACTS: Members<MetadataFacts> = {
  version: optional(INTEGER),
  size: optional(INTEGER),
  numFiles: optional(INTEGER),
  location: optional(STRING),
  auxiliaryLocations: optional(listOf(STRING)),
  accessModes: optional(listOf(STRING)),
}

const TABLE: Members<TableMetaData> = {
  id: STRING,
  name: optional(STRING),
  description: optional(STRING),
  format: optional(
    shape<NonNullable<TableMetaData['format']>>({
      provider: optional(STRING),
      options: optional(mapOf(STRING)),
    }),
  ),
  schemaString: STRING,
  partitionColumns: listOf(STRING),
  configuration: optional(mapOf(STRING)),
  createdTime: optional(MILLISECONDS),
}

export const PARQUET_METADATA = shape<ParquetMetaData>({ ...TABLE, ...FACTS })

export const DELTA_METADATA = shape<DeltaMetaData>({
  ...FACTS,
  deltaMetadata: shape<TableMetaData>(TABLE),
})

const PARTITION_VALUES = mapOf(orNull(STRING))

export const PARQUET_FILE = shape<ParquetFile>({
  url: STRING,
  id: STRING,
  partitionValues: PARTITION_VALUES,
  size: INTEGER,
  stats: optional(STRING),
  version: optional(INTEGER),
  timestamp: optional(MILLISECONDS),
  expirationTimestamp: optional(MILLISECONDS),
})

const VECTOR = shape<DeltaVector>({
  storageType: STRING,
  pathOrInlineDv: STRING,
  offset: optional(INTEGER),
  sizeInBytes: INTEGER,
  cardinality: INTEGER,
})

const FILE_ACTION = shape<DeltaFileAction>({
  path: STRING,
  partitionValues: optional(PARTITION_VALUES),
  size: optional(INTEGER),
  modificationTime: optional(MILLISECONDS),
  deletionTimestamp: optional(MILLISECONDS),
  dataChange: optional(BOOLEAN),
  stats: optional(STRING),
  deletionVector: optional(VECTOR),
})

type SingleAction = DeltaFile['deltaSingleAction']

const ACTIONS = shape<SingleAction>({
  add: optional(FILE_ACTION),
  remove: optional(FILE_ACTION),
  cdc: optional(FILE_ACTION),
})

const SINGLE_ACTION: Kind<SingleAction> = {
  ...ACTIONS,
  expected: 'an object with add, remove or cdc',
  accepts: (value): value is typeof value & SingleAction =>
    ACTIONS.accepts(value) &&
    (value.add !== undefined || value.remove !== undefined || value.cdc !== undefined),
}

export const DELTA_FILE = shape<DeltaFile>({
  id: STRING,
  deletionVectorFileId: optional(STRING),
  version: optional(INTEGER),
  timestamp: optional(MILLISECONDS),
  expirationTimestamp: optional(MILLISECONDS),
  deltaSingleAction: SINGLE_ACTION,
})

export const END_STREAM_ACTION = shape<EndStreamAction>({
  refreshToken: optional(STRING),
  nextPageToken: optional(STRING),
  minUrlExpirationTimestamp: optional(MILLISECONDS),
  errorMessage: optional(STRING),
  httpStatusErrorCode: optional(INTEGER),
})

export const QUERY_STATUS = shape<QueryStatus>({
  queryId: STRING,
  status: optional(STRING),
  errorMessage: optional(ANYTHING),
  message: optional(ANYTHING),
  error: optional(ANYTHING),
})
