import { S3ServiceException } from '@aws-sdk/client-s3'
import { isPassingStatus, isTableError, TableError } from '@spillway/core'

export type S3Operation = 'read' | 'list' | 'write' | 'delete'

const PERMISSION: Readonly<Record<S3Operation, string>> = {
  read: 's3:GetObject (and s3:ListBucket, without which a missing object looks forbidden)',
  list: 's3:ListBucket',
  write: 's3:PutObject',
  delete: 's3:DeleteObject',
}

/** Passing faults by name; S3 answers some of them with a 400. */
const PASSING = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'InternalError',
  'ServiceUnavailable',
  'ConditionalRequestConflict',
])

export function statusOf(error: unknown): number {
  return error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0
}

/** Expected absence of an object. A bucket that is not there is a mistake in the configuration. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404 && !isNamed(error, 'NoSuchBucket')
}

export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

/** An error of the SDK as ours, with the sentence that a provider can act on. */
export function s3Error(error: unknown, operation: S3Operation, path: string): TableError {
  if (isTableError(error)) return error
  if (isNamed(error, 'AbortError')) {
    return new TableError('CANCELLED', 'the request was cancelled', { cause: error })
  }
  const status = statusOf(error)
  const name = error instanceof Error ? error.name : 'Error'
  const retryable = isPassing(error, status)
  return new TableError('STORAGE_UNAVAILABLE', sentence(error, { name, status, operation }), {
    context: { path, s3Error: name, status },
    cause: error,
    retryable,
  })
}

/** Without a status no answer came: the network, or credentials that never will. */
function isPassing(error: unknown, status: number): boolean {
  if (isNamed(error, 'CredentialsProviderError')) return false
  if (error instanceof Error && PASSING.has(error.name)) return true
  // Nobody asked on a condition: a cache between answers for somebody else.
  if (status === 304) return true
  return status === 0 || isPassingStatus(status)
}

function sentence(
  error: unknown,
  { name, status, operation }: { name: string; status: number; operation: S3Operation },
): string {
  const said = error instanceof Error ? error.message : String(error)
  switch (name) {
    case 'NoSuchBucket':
      return 'the S3 bucket does not exist'
    case 'CredentialsProviderError':
      return `no S3 credentials: ${said}`
    case 'InvalidAccessKeyId':
      return 'S3 does not know the access key id'
    case 'SignatureDoesNotMatch':
      return 'S3 refused the signature: the secret key is another one, or a proxy changed the request'
    case 'ExpiredToken':
    case 'TokenRefreshRequired':
      return 'the S3 credentials have expired'
    case 'RequestTimeTooSkewed':
      return 'the clock of this machine is too far from that of S3'
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
      return `the bucket is in another region than configured: ${said}`
  }
  if (status === 403) return `S3 refused to ${operation}: allow ${PERMISSION[operation]}`
  // So the SDK marks what came and could not be read.
  if (status === 0 && error instanceof Error && '$response' in error) {
    return `the answer of S3 cannot be used: ${said}`
  }
  if (status === 0) return `S3 was not reached: ${said}`
  return `S3 answered ${status} ${name}: ${said}`
}
