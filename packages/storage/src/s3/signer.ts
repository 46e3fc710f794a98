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
  const presigners = keptPresigners({ ...options, endpoint })
  const covers = coveredBuckets(options.buckets)

  return {
    covers,
    async sign(paths, { expiresInSeconds, now, signal }) {
      throwIfCancelled(signal)
      const used = await credentials.current(now, expiresInSeconds)
      const seconds = lifetime(used.expiration, { expiresInSeconds, now })
      const where = await region()
      throwIfCancelled(signal)
      const signedAt = signingSecond(now) * 1000
      const signKey = presigners(where, { ...used, now: signedAt, expiresInSeconds: seconds })
      const urls = await signInTurns(paths, pathSigner(options.buckets, signKey), signal)
      return { urls, expiresAt: signedAt + seconds * 1000 }
    },
  }
}

type SignKey = (bucket: string, key: string) => string

type SignedHow = S3Credentials & { readonly now: number; readonly expiresInSeconds: number }

/**
 * Presigners by bucket, made when the first path of a bucket comes, and kept while all that goes into a URL besides its path
 * is the same: for the batches of one second, of all answers.
 */
function keptPresigners(
  address: Pick<S3Options, 'pathStyle'> & { readonly endpoint: string | undefined },
): (region: string, how: SignedHow) => SignKey {
  const keys: SigningKeys = new Map()
  let kept: (SignedHow & { readonly region: string }) | undefined
  let byBucket = new Map<string, (key: string) => string>()
  return (region, how) => {
    if (kept === undefined || kept.region !== region || !isSignedAlike(kept, how)) {
      kept = { ...how, region }
      byBucket = new Map()
    }
    // An answer that waits between two pieces of its batch goes on with what it began with.
    const ours = byBucket
    return (bucket, key) => {
      let sign = ours.get(bucket)
      if (sign === undefined) {
        sign = presigner({ ...how, ...addressOf(bucket, { ...address, region }), region }, keys)
        ours.set(bucket, sign)
      }
      return sign(key)
    }
  }
}

function isSignedAlike(a: SignedHow, b: SignedHow): boolean {
  return (
    a.now === b.now &&
    a.expiresInSeconds === b.expiresInSeconds &&
    a.accessKeyId === b.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  )
}

/** Whether a path lies in one of `buckets`. What begins as the last that did, its bucket's slash included, is in the same. */
function coveredBuckets(buckets: readonly string[] | undefined): (path: string) => boolean {
  let covered: string | undefined
  return path => {
    if (covered !== undefined && path.startsWith(covered) && !path.includes('\0')) return true
    const { scheme, authority, head } = parseUri(path)
    if (scheme !== 's3' || !(buckets?.includes(authority) ?? true)) return false
    covered = head
    return true
  }
}

/**
 * Signs paths by their buckets and keys. A path that has its folder in common with the one before is split where that one was:
 * only its name is looked at, which has no slash. A name that is empty, or of dots, or holds a NUL, is looked at with all of
 * its path, and refused there.
 */
function pathSigner(
  buckets: readonly string[] | undefined,
  signKey: SignKey,
): (path: string) => string {
  let folder = ''
  let known: { readonly bucket: string; readonly keyAt: number } | undefined
  return path => {
    const end = path.lastIndexOf('/') + 1
    const isThere = known !== undefined && end === folder.length && path.startsWith(folder)
    if (isThere && !isOddName(path, end)) return signKey(known!.bucket, path.slice(known!.keyAt))
    const { bucket, key } = splitPath(path, buckets)
    folder = path.slice(0, end)
    known = { bucket, keyAt: path.length - key.length }
    return signKey(bucket, key)
  }
}

function isOddName(path: string, start: number): boolean {
  const length = path.length - start
  return length === 0 || (path[start] === '.' && length <= 2) || path.includes('\0', start)
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
  const signedAt = signingSecond(now)
  const ends = expiration === undefined ? Number.POSITIVE_INFINITY : expiration.getTime() / 1000
  const seconds = Math.floor(Math.min(expiresInSeconds, LONGEST_SECONDS, ends - signedAt))
  if (seconds >= 1) return seconds
  throw new TableError('STORAGE_UNAVAILABLE', 'the S3 credentials have expired', {
    context: { expiresInSeconds, expiration: expiration?.toISOString() ?? 'never' },
  })
}

/** What S3 counts from: X-Amz-Date, which is the second that `now` is in. */
function signingSecond(now: number): number {
  return Math.floor(now / 1000)
}
