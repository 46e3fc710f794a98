import type { ObjectMeta, ObjectStore, StoreReach, UrlSigner } from '@spillway/core'

/** Keys of a folder, as a provider gave them. */
export interface FolderKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration: Date
}

/** A store as the keys of one folder open it. */
export interface FolderStore {
  readonly store: Pick<ObjectStore, 'list' | 'head'>
  readonly signer: Pick<UrlSigner, 'sign'>
  /** The SHA-256 of a whole object of a listing, where the store has one. */
  sha256?(meta: ObjectMeta, signal?: AbortSignal): Promise<string | undefined>
}

/** Opens a store; `openS3Folder` of `@spillway/storage/s3` is one. `credentials` is asked again before they expire. */
export type OpenStore = (
  options: StoreReach & { readonly credentials: () => Promise<FolderKeys> },
) => FolderStore | Promise<FolderStore>

export interface DirectOptions {
  /** What reads S3. Folders that are shared by credentials alone are refused unless given. */
  readonly openStore?: OpenStore | undefined
  /** How the store is reached, where the provider does not say it or says what does not hold here. */
  readonly reach?: StoreReach | undefined
}
