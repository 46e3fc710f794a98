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
  informative,
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
  size: informative(INTEGER),
  numFiles: informative(INTEGER),
  location: informative(STRING),
  auxiliaryLocations: informative(listOf(STRING)),
  accessModes: informative(listOf(STRING)),
}

const TABLE: Members<TableMetaData> = {
  id: STRING,
  name: informative(STRING),
  description: informative(STRING),
  format: informative(
    shape<NonNullable<TableMetaData['format']>>({
      provider: informative(STRING),
      options: informative(mapOf(STRING)),
    }),
  ),
  schemaString: STRING,
  partitionColumns: listOf(STRING),
  configuration: optional(mapOf(STRING)),
  createdTime: informative(MILLISECONDS),
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
  expirationTimestamp: informative(MILLISECONDS),
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
  deletionTimestamp: informative(MILLISECONDS),
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
  expected: 'an object with one of add, remove and cdc',
  accepts: (value): value is typeof value & SingleAction =>
    ACTIONS.accepts(value) &&
    [value.add, value.remove, value.cdc].filter(each => each !== undefined).length === 1,
}

export const DELTA_FILE = shape<DeltaFile>({
  id: STRING,
  deletionVectorFileId: informative(STRING),
  version: optional(INTEGER),
  timestamp: optional(MILLISECONDS),
  expirationTimestamp: informative(MILLISECONDS),
  deltaSingleAction: SINGLE_ACTION,
})

export const END_STREAM_ACTION = shape<EndStreamAction>({
  refreshToken: optional(STRING),
  nextPageToken: optional(STRING),
  minUrlExpirationTimestamp: informative(MILLISECONDS),
  errorMessage: optional(STRING),
  httpStatusErrorCode: informative(INTEGER),
})

export const QUERY_STATUS = shape<QueryStatus>({
  queryId: STRING,
  status: informative(STRING),
  errorMessage: optional(ANYTHING),
  message: optional(ANYTHING),
  error: optional(ANYTHING),
})
