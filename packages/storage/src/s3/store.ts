import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { WritableStore } from '@spillway/core'
import { type LimitOptions, limitStore } from '../layers/limit.js'
import { isNotFound, s3Error } from './errors.js'
import { listObjects, listPrefixes } from './list.js'
import { parseEndpoint, regionOf, type S3Options } from './options.js'
import { putObject } from './put.js'
import { getObject, headObject } from './read.js'
import { locate, sending } from './request.js'
import { refuseHalfAnswers } from './whole-answers.js'

export interface S3StoreOptions extends S3Options {
  /** Requests under way at once, retries and their delays. */
  readonly limits?: LimitOptions
  readonly connectTimeoutMs?: number
  /** Silence on a connection after which a request is given up. */
  readonly requestTimeoutMs?: number
}

export interface S3Store extends WritableStore {
  /** Closes idle connections; a store that is not used again need not be closed. */
  close(): void
}

/** Any bucket that the credentials reach, by s3, s3a or s3n paths. Retries what may pass, and says what will not. */
export function s3Store(options: S3StoreOptions = {}): S3Store {
  const client = createClient(options)
  const direct: WritableStore = {
    get: (path, getOptions = {}) => getObject(client, path, getOptions),
    head: (path, signal) => headObject(client, path, signal),
    list: (prefix, listOptions = {}) => listObjects(client, prefix, listOptions),
    listPrefixes: (prefix, signal) => listPrefixes(client, prefix, signal),
    put: (path, bytes, putOptions = {}) => putObject(client, path, { bytes, ...putOptions }),
    delete: (path, signal) => deleteObject(client, path, signal),
  }
  return {
    ...limitStore(direct, options.limits),
    close: () => client.destroy(),
  }
}

function createClient(options: S3StoreOptions): S3Client {
  const { endpoint, credentials } = options
  if (endpoint !== undefined) parseEndpoint(endpoint)
  const agent = { maxSockets: (options.limits?.concurrency ?? 64) + 16 }
  const client = new S3Client({
    region: regionOf(options),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: options.pathStyle ?? false,
    // Retries are ours, so that they are counted once and a cancelled caller stops them.
    maxAttempts: 1,
    // Services other than AWS refuse the checksums that newer SDKs add unasked.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs ?? 5_000,
      requestTimeout: options.requestTimeoutMs ?? 60_000,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
  refuseHalfAnswers(client)
  return client
}

async function deleteObject(
  client: S3Client,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await client.send(new DeleteObjectCommand(locate(path)), sending(signal))
  } catch (error) {
    if (!isNotFound(error)) throw s3Error(error, 'delete', path)
  }
}
