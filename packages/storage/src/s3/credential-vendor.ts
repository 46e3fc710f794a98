import {
  AssumeRoleCommand,
  type Credentials,
  GetFederationTokenCommand,
  STSClient,
  STSServiceException,
} from '@aws-sdk/client-sts'
import {
  type CredentialVendor,
  isPassingStatus,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { parseUri, sameFolder } from '../objects/uri.js'
import {
  parseEndpoint,
  regionOf,
  type S3CredentialSource,
  type S3Credentials,
  type S3Options,
} from './options.js'
import { sessionPolicy } from './session-policy.js'

export interface S3CredentialVendorOptions extends Pick<S3Options, 'region'> {
  /** The role whose permissions are narrowed. Absent: GetFederationToken, for the long-lived keys of a user. */
  readonly roleArn?: string
  readonly externalId?: string
  /** Of the STS service; absent means AWS. MinIO and others answer AssumeRole at their own. */
  readonly stsEndpoint?: string
  readonly credentials?: S3CredentialSource
  /** The buckets that the role reaches; absent means any. */
  readonly buckets?: readonly string[]
  /** Sessions live no longer. Default: an hour, which every role allows; a role may allow more. */
  readonly maxSessionSeconds?: number
  /** How sessions are called in the provider's audit log. */
  readonly sessionName?: string
}

/** STS makes none that live shorter. */
const SHORTEST_SECONDS = 900

/** Short-lived AWS keys that can read one folder, made by STS with the narrowest session policy. */
export function s3CredentialVendor(options: S3CredentialVendorOptions): CredentialVendor {
  if (options.stsEndpoint !== undefined) parseEndpoint(options.stsEndpoint)
  const { credentials, stsEndpoint } = options
  const region = regionOf({
    ...options,
    ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }),
  })
  const client = new STSClient({
    region,
    ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  })
  return {
    covers: location => coversBucket(location, options.buckets),
    async vend(location, { expiresInSeconds, signal }) {
      if (!coversBucket(location, options.buckets)) throw uncovered(location)
      throwIfCancelled(signal)
      const request: SessionRequest = {
        options,
        location,
        region: await region(),
        expiresInSeconds,
      }
      const ask = (listing: boolean) => askSts(client, request, { listing, signal })
      try {
        return await ask(true)
      } catch (error) {
        // A path that is too long to be named twice; every object of a table is known without listing.
        if (error instanceof Error && error.name === 'PackedPolicyTooLargeException') {
          return await ask(false).catch(again => Promise.reject(stsError(again, location)))
        }
        throw stsError(error, location)
      }
    },
  }
}

interface SessionRequest {
  readonly options: S3CredentialVendorOptions
  readonly location: string
  readonly region: string
  readonly expiresInSeconds: number
}

async function askSts(
  client: STSClient,
  { options, location, region, expiresInSeconds }: SessionRequest,
  { listing, signal }: { listing: boolean; signal: AbortSignal | undefined },
) {
  const { roleArn, externalId, sessionName = 'spillway', maxSessionSeconds = 3600 } = options
  const Policy = JSON.stringify(sessionPolicy(location, { region, listing }))
  const wanted = Math.floor(Math.min(expiresInSeconds, maxSessionSeconds))
  const DurationSeconds = Math.max(SHORTEST_SECONDS, wanted)
  const sending = signal === undefined ? {} : { abortSignal: signal }
  if (roleArn === undefined) {
    const input = { Name: sessionName.slice(0, 32), Policy, DurationSeconds }
    return vended((await client.send(new GetFederationTokenCommand(input), sending)).Credentials)
  }
  const input = {
    RoleArn: roleArn,
    RoleSessionName: sessionName.slice(0, 64),
    Policy,
    DurationSeconds,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  }
  return vended((await client.send(new AssumeRoleCommand(input), sending)).Credentials)
}

function vended(answer: Credentials | undefined) {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer ?? {}
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined) {
    throw new TableError('STORAGE_UNAVAILABLE', 'STS answered without complete credentials')
  }
  return {
    expiresAt: Expiration.getTime(),
    credentials: {
      kind: 'aws' as const,
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    },
  }
}

export interface ScopedS3Credentials {
  /** The folder that these keys can read, and nothing else can: the provider's word. */
  readonly location: string
  readonly credentials: S3Credentials
}

/**
 * Keys that a provider scoped elsewhere, for services without STS. They are given for their own folder only: keys of a
 * wider one would open its other tables too. Keys that do not expire are told as if they did, so that a recipient
 * comes back and finds out when the provider has taken them away.
 */
export function scopedCredentialVendor(
  scopes: readonly ScopedS3Credentials[],
  clock: () => number = Date.now,
): CredentialVendor {
  const scopeOf = (location: string) => scopes.find(scope => sameFolder(scope.location, location))
  return {
    covers: location => scopeOf(location) !== undefined,
    async vend(location, { expiresInSeconds, signal }) {
      throwIfCancelled(signal)
      const scope = scopeOf(location)
      if (scope === undefined) throw uncovered(location)
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = scope.credentials
      const now = clock()
      if (expiration !== undefined && expiration.getTime() <= now) throw outdated(location)
      const asked = now + Math.floor(expiresInSeconds) * 1000
      return {
        expiresAt: Math.min(asked, expiration?.getTime() ?? asked),
        credentials: {
          kind: 'aws',
          accessKeyId,
          secretAccessKey,
          sessionToken,
        },
      }
    },
  }
}

function coversBucket(location: string, buckets: readonly string[] | undefined): boolean {
  const { scheme, authority } = parseUri(location)
  return scheme === 's3' && (buckets?.includes(authority) ?? true)
}

function uncovered(location: string): TableError {
  return new TableError('STORAGE_UNAVAILABLE', 'no credentials are vended for this location', {
    context: { path: location },
    retryable: false,
  })
}

function outdated(location: string): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    'the credentials configured for this location have expired: configure new ones',
    { context: { path: location }, retryable: false },
  )
}

function stsError(error: unknown, location: string): unknown {
  if (error instanceof Error && error.name === 'AbortError') {
    return new TableError('CANCELLED', 'the request was cancelled', { cause: error })
  }
  if (!(error instanceof Error) || error instanceof TableError) return error
  const status = error instanceof STSServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0
  const denied = status === 403
  const message = denied
    ? `STS refused the session (${error.name}): allow sts:AssumeRole on the role, or sts:GetFederationToken`
    : `STS made no session: ${error.name}: ${error.message}`
  return new TableError('STORAGE_UNAVAILABLE', message, {
    context: { path: location, status },
    cause: error,
    retryable: status === 0 || isPassingStatus(status),
  })
}
