// Every shape of the Delta Sharing wire, without behaviour: the file to hold against PROTOCOL.md. Types and no interfaces,
// so that each is a value that `writeJson` takes: an interface might get members that are none.

export type ResponseFormat = 'parquet' | 'delta'

export type WireShare = {
  readonly name: string
  readonly id?: string
  readonly displayName?: string | undefined
  readonly comment?: string | undefined
  readonly properties?: Readonly<Record<string, string>> | undefined
}

export type WireSchema = {
  readonly name: string
  readonly share: string
}

export type WireTable = {
  readonly name: string
  readonly schema: string
  readonly share: string
  readonly shareId?: string
  readonly id?: string
  readonly location?: string
  readonly auxiliaryLocations?: readonly string[]
  readonly accessModes?: readonly string[]
}

/** Numbers that may pass 2^53 arrive as bigint where they do. */
export type WireInteger = number | bigint

export type ParquetProtocol = {
  readonly minReaderVersion: WireInteger
}

export type DeltaProtocol = {
  readonly minReaderVersion: WireInteger
  readonly minWriterVersion?: WireInteger
  readonly readerFeatures?: readonly string[]
  readonly writerFeatures?: readonly string[]
}

export type MetadataFacts = {
  readonly version?: WireInteger
  readonly size?: WireInteger
  readonly numFiles?: WireInteger
  readonly location?: string
  readonly auxiliaryLocations?: readonly string[]
  readonly accessModes?: readonly string[]
}

export type TableMetaData = {
  readonly id: string
  readonly name?: string
  readonly description?: string
  /** PROTOCOL.md asks for it; not every server says the one thing that it may be. */
  readonly format?: {
    readonly provider?: string
    readonly options?: Readonly<Record<string, string>>
  }
  readonly schemaString: string
  readonly partitionColumns: readonly string[]
  readonly configuration?: Readonly<Record<string, string>>
  readonly createdTime?: WireInteger
}

export type ParquetMetaData = TableMetaData & MetadataFacts
export type DeltaMetaData = MetadataFacts & { readonly deltaMetadata: TableMetaData }

export type ParquetFile = {
  readonly url: string
  readonly id: string
  readonly partitionValues: Readonly<Record<string, string | null>>
  readonly size: WireInteger
  readonly stats?: string | undefined
  readonly version?: WireInteger
  readonly timestamp?: WireInteger
  readonly expirationTimestamp?: WireInteger
}

export type DeltaVector = {
  /** `p` with a signed URL, or `i` with the bitmap itself. */
  readonly storageType: string
  readonly pathOrInlineDv: string
  readonly offset?: WireInteger
  readonly sizeInBytes: WireInteger
  readonly cardinality: WireInteger
}

export type DeltaFileAction = {
  readonly path: string
  readonly partitionValues?: Readonly<Record<string, string | null>>
  readonly size?: WireInteger
  readonly modificationTime?: WireInteger
  readonly deletionTimestamp?: WireInteger
  readonly dataChange?: boolean
  readonly stats?: string | undefined
  readonly deletionVector?: DeltaVector
}

export type DeltaFile = {
  readonly id: string
  readonly deletionVectorFileId?: string
  readonly version?: WireInteger
  readonly timestamp?: WireInteger
  readonly expirationTimestamp?: WireInteger
  readonly deltaSingleAction: {
    readonly add?: DeltaFileAction
    readonly remove?: DeltaFileAction
    readonly cdc?: DeltaFileAction
  }
}

export type EndStreamAction = {
  readonly refreshToken?: string
  readonly nextPageToken?: string
  readonly minUrlExpirationTimestamp?: WireInteger | undefined
  /** The answer is incomplete: the client must fail the query. */
  readonly errorMessage?: string
  /** Not in PROTOCOL.md; the Scala client reads it to decide whether to retry. */
  readonly httpStatusErrorCode?: WireInteger
}

export type QueryStatus = {
  readonly queryId: string
  readonly status?: string
  /** PROTOCOL.md says that a failed query comes with a message, and not in which of these. */
  readonly errorMessage?: unknown
  readonly message?: unknown
  readonly error?: unknown
}

/** One line of an answer. */
export type WireAction =
  | { readonly kind: 'protocol'; readonly protocol: ParquetProtocol }
  | { readonly kind: 'deltaProtocol'; readonly protocol: DeltaProtocol }
  | { readonly kind: 'metaData'; readonly metaData: ParquetMetaData }
  | { readonly kind: 'deltaMetaData'; readonly metaData: DeltaMetaData }
  | { readonly kind: 'file' | 'add' | 'cdf' | 'remove'; readonly file: ParquetFile }
  | { readonly kind: 'deltaFile'; readonly file: DeltaFile }
  | { readonly kind: 'endStreamAction'; readonly end: EndStreamAction }
  | { readonly kind: 'queryStatus'; readonly status: QueryStatus }
