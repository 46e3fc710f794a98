import { TableError, throwIfCancelled, type UrlSigner } from '@spillway/core'
import { parseUri } from '../objects/uri.js'
import { hasDotSegments } from '../signing/encode-path.js'
import { signInTurns } from '../signing/sign-in-turns.js'
import {
  addressOf,
  credentialCache,
  parseEndpoint,
  regionOf,
  type S3Credentials,
  type S3Options,
} from './options.js'
import { presigner, type SigningKeys } from './sigv4.js'

export interface S3SignerOptions extends S3Options {
  /** The buckets these credentials are for; absent means any. */
  readonly buckets?: readonly string[]
}

/** S3 answers no URL that is valid for more than a week. */
const LONGEST_SECONDS = 7 * 24 * 3600

/** Pre-signed GET URLs for s3 paths, made here: nothing is sent anywhere. */
export function s3Signer(options: S3SignerOptions): UrlSigner {
  const credentials = credentialCache(options.credentials)
  const region = regionOf(options)
  const endpoint = options.publicEndpoint ?? options.endpoint
  if (endpoint !== undefined) parseEndpoint(endpoint)
  const keys: SigningKeys = new Map()

  return {
    covers(path) {
      const { scheme, authority } = parseUri(path)
      return scheme === 's3' && (options.buckets?.includes(authority) ?? true)
    },
    async sign(paths, { expiresInSeconds, now, signal }) {
      throwIfCancelled(signal)
      const used = await credentials.current(now, expiresInSeconds)
      const seconds = lifetime(used.expiration, { expiresInSeconds, now })
      const where = await region()
      throwIfCancelled(signal)
      const signKey = bucketPresigners({ ...options, endpoint, region: where }, keys, {
        ...used,
        now,
        expiresInSeconds: seconds,
      })
      const signPath = (path: string) => {
        const { bucket, key } = splitPath(path, options.buckets)
        return signKey(bucket, key)
      }
      const urls = await signInTurns(paths, signPath, signal)
      return { urls, expiresAt: Math.floor(now / 1000) * 1000 + seconds * 1000 }
    },
  }
}

/** One presigner for each bucket of a batch, made when its first path comes. */
function bucketPresigners(
  where: { region: string; endpoint: string | undefined; pathStyle?: boolean },
  keys: SigningKeys,
  how: S3Credentials & { now: number; expiresInSeconds: number },
): (bucket: string, key: string) => string {
  const byBucket = new Map<string, (key: string) => string>()
  return (bucket, key) => {
    let sign = byBucket.get(bucket)
    if (sign === undefined) {
      sign = presigner({ ...how, ...addressOf(bucket, where), region: where.region }, keys)
      byBucket.set(bucket, sign)
    }
    return sign(key)
  }
}

function splitPath(path: string, buckets: readonly string[] | undefined) {
  const { scheme, authority, key } = parseUri(path)
  if (scheme !== 's3' || key === '' || !(buckets?.includes(authority) ?? true)) {
    throw new TableError('STORAGE_UNAVAILABLE', 'this S3 signer does not cover the path', {
      context: { path },
      retryable: false,
    })
  }
  if (hasDotSegments(key)) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      "a key with '.' or '..' between slashes has no URL that clients leave alone",
      { context: { path } },
    )
  }
  return { bucket: authority, key }
}

/** A URL dies with the credentials that signed it, so it does not say that it lives longer. */
function lifetime(
  expiration: Date | undefined,
  { expiresInSeconds, now }: { expiresInSeconds: number; now: number },
): number {
  if (!(expiresInSeconds >= 1)) {
    throw new TableError(
      'INVALID_REQUEST',
      `a URL lives a second at least, not ${expiresInSeconds}`,
    )
  }
  // S3 counts from X-Amz-Date, which is the second that `now` is in.
  const signedAt = Math.floor(now / 1000)
  const ends = expiration === undefined ? Number.POSITIVE_INFINITY : expiration.getTime() / 1000
  const seconds = Math.floor(Math.min(expiresInSeconds, LONGEST_SECONDS, ends - signedAt))
  if (seconds >= 1) return seconds
  throw new TableError('STORAGE_UNAVAILABLE', 'the S3 credentials have expired', {
    context: { expiresInSeconds, expiration: expiration?.toISOString() ?? 'never' },
  })
}
