import type { FolderName } from '../assets/asset-name.js'
import type { DirectOptions } from '../direct/open-store.js'

export interface DownloadOptions extends DirectOptions {
  /** A folder of the local disk; made where it is not there. What lies in it and has no name of the asset's stays. */
  readonly to: string
  /** Where assets of several kinds may have the name. */
  readonly kind?: FolderName['kind'] | undefined
  /** Patterns of paths of which one has to match, `*` going across `/`; all files unless one is given. */
  readonly include?: readonly string[] | undefined
  /** Patterns of which none may match. */
  readonly exclude?: readonly string[] | undefined
  /** Requests for bytes at the same time, at most. 16 unless given; fewer where more bring nothing. */
  readonly concurrency?: number | undefined
  /**
   * A folder that keeps files by their SHA-256, for downloads of all assets: what it has is not fetched, and what is fetched is
   * kept there, where the provider states the digest. Made where it is not there. No cache unless given.
   */
  readonly cache?: string | undefined
  /** Files of the asset; one that has more is refused. A million unless given. */
  readonly maxFiles?: number | undefined
  /** Says what would be done, and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** Replaces files in the folder that no earlier download made, or that a version should never have changed. */
  readonly force?: boolean | undefined
  /** Reads the files of an earlier download again, where otherwise size and time of change are believed. */
  readonly verify?: boolean | undefined
  /** Called some times a second. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface DownloadProgress {
  readonly files: number
  readonly filesDone: number
  /** Bytes of the files that are wanted, of those that are there, and of those that this process received. */
  readonly bytes: number
  readonly bytesDone: number
  readonly bytesFetched: number
}

/**
 * `fetched`, `cached`: its bytes, or the last of them, were taken from the cache; `unchanged`: there from an earlier download. `changing`: it was another each time it was listed. `gone`: it is
 * not listed any more. `reserved`: its name is that of a file that downloads keep for themselves. `planned`: by a dry run.
 */
export type FileState =
  | 'fetched'
  | 'cached'
  | 'unchanged'
  | 'changing'
  | 'gone'
  | 'reserved'
  | 'planned'

export interface DownloadedFile {
  readonly path: string
  readonly size: number
  readonly state: FileState
  /** Of the bytes on the disk, in lower-case hexadecimal. */
  readonly sha256?: string | undefined
  /** True where the provider states the same digest. */
  readonly verified: boolean
}

export interface DownloadResult {
  /** `share.schema.name`, with the version of a model behind it. */
  readonly asset: string
  readonly kind: FolderName['kind']
  /** Of the listing that was fetched last. */
  readonly snapshotId: string
  /** In the order of the listing. */
  readonly files: readonly DownloadedFile[]
  /** Bytes of files that were received, and how many were there from an earlier attempt. */
  readonly bytesFetched: number
  readonly bytesResumed: number
  /** Bytes that were taken from the cache; in a dry run, that would be. */
  readonly bytesCached: number
  /** Why not all that was fetched is kept in the cache. */
  readonly cacheProblem?: string | undefined
  /** False where a file is `changing`, `gone` or `planned`. */
  readonly complete: boolean
  /** Files of earlier downloads into this folder that the asset has no more. They are left where they are. */
  readonly leftBehind: readonly string[]
}
