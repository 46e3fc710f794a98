import type { ObjectMeta, ObjectStore, StoreReach, UrlSigner } from '@spillway/core'
import type { ListedObject } from './list.js'
import type { S3Credentials } from './options.js'
import { s3Signer } from './signer.js'
import { s3Store } from './store.js'

/** A folder of S3, or of what speaks like it, for whoever holds temporary keys of it. */
export interface S3FolderAccess {
  readonly store: Pick<ObjectStore, 'list' | 'head'>
  /** Made here: nothing is sent anywhere. */
  readonly signer: UrlSigner
  /** The SHA-256 of a whole object, in hexadecimal, where its listing says that the service keeps one. */
  sha256(meta: ObjectMeta, signal?: AbortSignal): Promise<string | undefined>
}

/** `credentials` is asked again before they expire. Keys of this machine are never used. */
export function openS3Folder({
  credentials,
  ...reach
}: StoreReach & { readonly credentials: () => Promise<S3Credentials> }): S3FolderAccess {
  const options = { ...reach, credentials }
  const store = s3Store(options)
  return {
    store,
    signer: s3Signer(options),
    sha256: async (meta, signal) =>
      isDigested(meta) ? (await store.head(meta.path, signal))?.sha256 : undefined,
  }
}

function isDigested(meta: ListedObject): boolean {
  return meta.hasSha256 === true
}
