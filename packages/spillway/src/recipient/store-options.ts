import type { SharingClient } from '@spillway/client'
import { type DirectOptions, withDirectAccess } from '@spillway/client/node'

/** How a store is reached, where its provider does not say it. */
export interface StoreOptions {
  readonly endpoint?: string
  readonly region?: string
  readonly pathStyle?: boolean
}

/** A client that reads assets from their stores too, where they are shared so. */
export function directClient(client: SharingClient, options: StoreOptions): SharingClient {
  return withDirectAccess(client, directOptions(options))
}

/** For assets that are shared by credentials alone. */
export function directOptions({ endpoint, region, pathStyle }: StoreOptions): DirectOptions {
  const reach = {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === undefined ? {} : { pathStyle }),
  }
  return {
    // The client of S3 takes a while to load, and is rarely needed.
    openStore: async options => (await import('@spillway/storage/s3')).openS3Folder(options),
    reach,
  }
}
