/** What volumes, models and skills have in common. */
interface WireAsset {
  readonly share: string
  readonly schema: string
  readonly name: string
  readonly id?: string
  readonly shareId?: string
}

/** OpenSharing VOLUMES.md, "Volume". */
export interface WireVolume extends WireAsset {
  /** A folder of a store for whoever is given credentials; else it names nothing that can be opened. */
  readonly storageLocation: string
  /** `url`, `dir`, or both; absent where the server says nothing of it. */
  readonly accessModes?: readonly string[]
}

/** ML_MODELS.md, "RegisteredModel". */
export interface WireModel extends WireAsset {
  readonly comment?: string
}

/** ML_MODELS.md, "ModelVersion". Servers hand out those that are `READY`. */
export interface WireModelVersion {
  readonly share: string
  readonly schema: string
  readonly modelName: string
  /** From 1. */
  readonly version: number
  readonly status: string
  readonly storageLocation: string
  readonly accessModes?: readonly string[]
  readonly aliases?: readonly string[]
  readonly id?: string
  readonly comment?: string
  readonly source?: string
  readonly runId?: string
}

/** AGENT_SKILLS.md, "AgentSkill". */
export interface WireSkill extends WireAsset {
  readonly description: string
  readonly storageLocation: string
  readonly accessModes?: readonly string[]
  readonly license?: string
  readonly compatibility?: string
  /** Separated by spaces. Nothing is allowed by standing here. */
  readonly allowedTools?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** A file of an asset's folder, as the listing has it. */
export interface WireAssetFile {
  /** Relative to the folder. As the server says it: whoever writes it to a disk looks at it first. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Epoch milliseconds. */
  readonly lastModified?: number
  /** As in HTTP, with quotes. A strong one says that equal ones are equal bytes. */
  readonly etag?: string
  /** Lower-case hexadecimal, of the whole file. */
  readonly sha256?: string
  /** What its name says of its kind; nothing that was found in its bytes. */
  readonly mediaType?: string
}

/** A file as it is now, with a URL that gives its bytes for a while. The URL is a secret. */
export interface WireSignedFile extends WireAssetFile {
  readonly url: string
  /** Epoch milliseconds. */
  readonly expirationTimestamp: number
}

/** Keys of a session, as CREDENTIALS.md has them. */
export interface WireKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Empty where the keys have no session. */
  readonly sessionToken?: string
}

/** CREDENTIALS.md, "TemporaryCredentials": exactly one of the first four. All of it is secret. */
export interface WireCredentials {
  readonly awsTempCredentials?: WireKeys
  readonly r2Credentials?: WireKeys
  readonly azureUserDelegationSas?: { readonly sasToken: string }
  readonly gcpOauthToken?: { readonly oauthToken: string }
  /** Epoch milliseconds. */
  readonly expirationTime: number
  /** Where the folder is, and how its store is reached: ours, and absent from other servers. */
  readonly location?: string
  readonly region?: string
  readonly endpoint?: string
  readonly pathStyle?: boolean
}

/** Files of one listing: all pages that have its `snapshotId` are of one moment. */
export interface WireFilePage {
  readonly snapshotId: string
  readonly files: readonly WireAssetFile[]
  readonly nextPageToken: string | undefined
}
