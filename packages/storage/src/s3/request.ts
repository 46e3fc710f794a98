import { TableError, throwIfCancelled } from '@spillway/core'
import { parseUri } from '../objects/uri.js'

/** Bucket and key of an S3 path, as the SDK wants them. */
export function locate(path: string): { readonly Bucket: string; readonly Key: string } {
  const { scheme, authority, key } = parseUri(path)
  if (scheme === 's3') return { Bucket: authority, Key: key }
  throw new TableError('INVALID_REQUEST', `the S3 store reads s3://, not ${scheme}://`, {
    context: { path },
  })
}

/** Options of a request under way; throws instead where it is cancelled already. */
export function sending(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  throwIfCancelled(signal)
  return signal === undefined ? {} : { abortSignal: signal }
}
