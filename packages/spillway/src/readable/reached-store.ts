import { TableError } from '@spillway/core'
import { parseUri } from '@spillway/storage'
import type { ServeConfig } from '../configuration/config.js'

/** The server knows no store but those of its configuration, whatever this shell's environment says. */
export function refuseUnreached(location: string, { storage: { s3, buckets } }: ServeConfig): void {
  const { scheme, authority } = parseUri(location)
  if (scheme !== 's3' || s3 !== undefined || buckets.some(({ bucket }) => bucket === authority))
    return
  throw new TableError(
    'INVALID_REQUEST',
    'the configuration does not say how S3 is reached: write `storage: { s3: { region: eu-central-1 } }` into it, or `s3: {}` for region and credentials of the machine',
    { context: { location } },
  )
}
