import type { S3Options } from '@spillway/storage/s3'
import type { StorageSettings } from './config-schema.js'
import { omitUndefined } from './omit-undefined.js'

/** Storage settings of a configuration as `compose` takes them. */
export function storageOf({ s3, buckets }: StorageSettings): {
  readonly s3?: S3Options
  readonly buckets: readonly (S3Options & { readonly bucket: string })[]
} {
  return {
    ...(s3 && { s3: omitUndefined<S3Options>(s3) }),
    buckets: buckets.map(each => omitUndefined<S3Options & { readonly bucket: string }>(each)),
  }
}
