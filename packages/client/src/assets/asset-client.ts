import type { AssetKind, AssetName, FileMismatch } from '@spillway/core'
import type {
  WireCredentials,
  WireFilePage,
  WireModel,
  WireModelVersion,
  WireSignedFile,
  WireSkill,
  WireVolume,
} from '@spillway/protocol/wire'
import type { FolderName, VersionedName } from './asset-name.js'
import type { OpenedFile, OpenFileOptions } from './open-file.js'

export interface AssetListing {
  /** Of one schema, or of every schema of the share. */
  readonly schema?: string | undefined
  /** Size of the server's pages; its own choice unless given. */
  readonly maxResults?: number
  readonly signal?: AbortSignal | undefined
}

/** What a provider shares beside tables. Every failure is a TableError with the server's words. */
export interface AssetClient {
  volumes(share: string, options?: AssetListing): AsyncIterable<WireVolume>
  volume(name: AssetName, signal?: AbortSignal): Promise<WireVolume>
  models(share: string, options?: AssetListing): AsyncIterable<WireModel>
  model(name: AssetName, signal?: AbortSignal): Promise<WireModel>
  /** Those that are ready. */
  modelVersions(
    name: AssetName,
    options?: Omit<AssetListing, 'schema'>,
  ): AsyncIterable<WireModelVersion>
  /** By number or by alias. */
  modelVersion(
    name: AssetName,
    version: number | string,
    signal?: AbortSignal,
  ): Promise<WireModelVersion>
  skills(share: string, options?: AssetListing): AsyncIterable<WireSkill>
  skill(name: AssetName, signal?: AbortSignal): Promise<WireSkill>
  /**
   * Of which kind the asset of this name is, and the folder that holds its files: of a model without a version that of the
   * highest number, with a digest alone that whose files have it. `NOT_FOUND` where there is none, `INVALID_REQUEST` where assets
   * of several kinds have the name.
   */
  asset(name: VersionedName, options?: FindAssetOptions): Promise<FoundAsset>
  /**
   * The files of a folder, page after page, all of one listing. `CONFLICT` where the server no longer has that listing:
   * begin again.
   */
  files(folder: FolderName, options?: FilesOptions): AsyncIterable<WireFilePage>
  /** Files as they are now, with URLs, in the order of `paths`. The URLs are secrets. */
  fileUrls(
    folder: FolderName,
    paths: readonly string[],
    options?: FileUrlsOptions,
  ): Promise<readonly WireSignedFile[]>
  /** Keys by which the folder is read from its store, where the provider gives such. All of it is secret. */
  folderCredentials(folder: FolderName, signal?: AbortSignal): Promise<WireCredentials>
  /** A small file, whole, of the size and with the digest that the server states. */
  fetchFile(folder: FolderName, path: string, options?: FetchFileOptions): Promise<Uint8Array>
  /** One request for the bytes of a file: it is neither repeated nor are its bytes digested. */
  openFile(file: WireSignedFile, options?: OpenFileOptions): Promise<OpenedFile>
  /** Tells the provider that other bytes of a file came than its digest says: a server that knows no such reports refuses it. */
  reportMismatch(
    folder: FolderName,
    mismatch: FileMismatch,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>
}

export interface FindAssetOptions {
  /** Where assets of several kinds may have the name. */
  readonly kind?: FolderName['kind'] | undefined
  readonly signal?: AbortSignal | undefined
}

export interface FileUrlsOptions {
  /** How long the URLs should work, at most; the server's own choice unless given. */
  readonly expiresInSeconds?: number
  readonly signal?: AbortSignal | undefined
}

export interface FilesOptions {
  /** Only files whose paths begin so. */
  readonly prefix?: string | undefined
  /** Size of the server's pages; its own choice unless given. */
  readonly maxResults?: number
  /** Files of the whole listing; a server that lists more is refused. A million unless given. */
  readonly maxFiles?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface FetchFileOptions {
  /** What is longer is refused before it is fetched. 64 MiB unless given. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal | undefined
}

/** An asset that was named, and where its files are asked for. */
export interface FoundAsset {
  readonly kind: AssetKind
  readonly asset: WireVolume | WireModel | WireSkill
  readonly folder: FolderName
  /** Of a model. */
  readonly version?: WireModelVersion | undefined
  /** The listing that the name pins a volume or a skill to. */
  readonly snapshotId?: string | undefined
  /** The content that the name pins it to, `sha256:…`. Whoever lists the files compares it. */
  readonly digest?: string | undefined
}
