import { S3Client } from '@aws-sdk/client-s3'
import { fromNodeProviderChain } from '@aws-sdk/credential-providers'
import { parsedUrl, TableError } from '@spillway/core'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

export type S3CredentialSource = S3Credentials | (() => Promise<S3Credentials>)

/** How to reach S3 or what speaks like it. One value serves the store and the signer. */
export interface S3Options {
  /** Absent: AWS_REGION and its like, or us-east-1 where an endpoint is given. */
  readonly region?: string
  /** Where this process reaches the service; absent means AWS. May have a path. */
  readonly endpoint?: string | undefined
  /** Where recipients reach it, when that is another address: signed URLs name this one. */
  readonly publicEndpoint?: string
  /** http://host/bucket/key instead of http://bucket.host/key: most services other than AWS want it. */
  readonly pathStyle?: boolean
  /** Absent: the AWS default chain (environment, profile, web identity, container, instance). */
  readonly credentials?: S3CredentialSource
}

/** The buckets' own form of address. `basePath` is encoded and has no last slash. */
export interface S3Address {
  readonly origin: string
  readonly basePath: string
}

const DOMAINS: readonly (readonly [regionStart: string, domain: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eusc-', 'amazonaws.eu'],
]

/** Origin and path before the key, as the SDK would address the bucket. */
export function addressOf(
  bucket: string,
  options: { region: string; endpoint?: string | undefined; pathStyle?: boolean },
): S3Address {
  const endpoint = parseEndpoint(options.endpoint ?? `https://${awsHost(options.region)}`)
  const path = endpoint.pathname.replace(/\/+$/, '')
  const inHost = options.pathStyle !== true && fitsInHost(bucket, endpoint)
  if (!inHost) return { origin: endpoint.origin, basePath: `${path}/${encodeURIComponent(bucket)}` }
  return { origin: `${endpoint.protocol}//${bucket}.${endpoint.host}`, basePath: path }
}

function awsHost(region: string): string {
  const domain = DOMAINS.find(([start]) => region.startsWith(start))?.[1] ?? 'amazonaws.com'
  return `s3.${region}.${domain}`
}

export function parseEndpoint(endpoint: string): URL {
  const url = parsedUrl(endpoint)
  if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new TableError('INVALID_REQUEST', `an S3 endpoint is an http(s) URL, not ${endpoint}`)
}

/** A bucket with a dot has no certificate as a host name; an address of numbers has no sub-domains. */
function fitsInHost(bucket: string, endpoint: URL): boolean {
  if (/^[\d.]+$/.test(endpoint.hostname) || endpoint.hostname.startsWith('[')) return false
  const label = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/
  if (endpoint.protocol === 'https:') return label.test(bucket)
  return bucket.split('.').every(part => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(part))
}

/** Credentials that are asked for again before they expire; callers at the same time share one answer. */
export interface CredentialCache {
  /** Fresh for at least a while; for `seconds` where the source has such. */
  current(now: number, seconds: number): Promise<S3Credentials>
}

const REFRESH_AHEAD_MS = 5 * 60_000
const REFRESH_AT_MOST_EVERY_MS = 60_000

export function credentialCache(source: S3CredentialSource | undefined): CredentialCache {
  const load = credentialLoader(source)
  let held: { readonly value: Promise<S3Credentials>; readonly askedAt: number } | undefined
  const ask = (now: number): Promise<S3Credentials> => {
    const asked = { value: load(), askedAt: now }
    held = asked
    asked.value.catch(() => {
      if (held === asked) held = undefined
    })
    return asked.value
  }
  const current = async (now: number, seconds: number): Promise<S3Credentials> => {
    const seen = held
    if (seen === undefined) return ask(now)
    const value = await seen.value
    const left = (value.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now
    if (left > Math.max(REFRESH_AHEAD_MS, seconds * 1000)) return value
    if (left > 0 && Math.abs(now - seen.askedAt) < REFRESH_AT_MOST_EVERY_MS) return value
    // Somebody who waited for the same credentials may have asked for the next ones already.
    return held === seen ? ask(now) : current(now, seconds)
  }
  return { current }
}

function credentialLoader(source: S3CredentialSource | undefined): () => Promise<S3Credentials> {
  if (source !== undefined && typeof source !== 'function') return async () => source
  const provider = source ?? fromNodeProviderChain()
  const ask = async () => {
    try {
      return await provider()
    } catch (cause) {
      throw new TableError(
        'STORAGE_UNAVAILABLE',
        `no S3 credentials: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause, retryable: false },
      )
    }
  }
  return () => inTime(ask())
}

const PROVIDER_SECONDS = 30

/** All who sign wait for one answer: a provider that never gives it is asked again by the next. */
async function inTime(asked: Promise<S3Credentials>): Promise<S3Credentials> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = () =>
      new TableError(
        'STORAGE_UNAVAILABLE',
        `no S3 credentials: their provider did not answer within ${PROVIDER_SECONDS} seconds`,
      )
    timer = setTimeout(() => reject(error()), PROVIDER_SECONDS * 1000).unref()
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The region of requests and signatures, looked up once: given, or as the AWS tools would find it. */
export function regionOf(options: S3Options): () => Promise<string> {
  const { region } = options
  if (region !== undefined) return async () => region
  let found: Promise<string> | undefined
  return () => {
    found ??= findRegion(options)
    return found
  }
}

async function findRegion(options: S3Options): Promise<string> {
  const client = new S3Client({})
  try {
    return await client.config.region()
  } catch (cause) {
    // Services with their own endpoint mostly ignore the region, and those that do not say so.
    if (options.endpoint !== undefined) return 'us-east-1'
    throw new TableError('STORAGE_UNAVAILABLE', 'S3 needs a region: set `region` or AWS_REGION', {
      cause,
      retryable: false,
    })
  } finally {
    client.destroy()
  }
}
