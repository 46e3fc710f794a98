import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  S3Client,
} from '@aws-sdk/client-s3'
import type { ObjectMeta, WritableStore } from '@spillway/core'
import { type ByteRange, checkRange, clipRange, isEmptyRange } from '../byte-range.js'
import { type LimitOptions, limitStore } from '../limit.js'
import { parseUri } from '../uri.js'
import { isNamed, isNotFound, s3Error, statusOf } from './errors.js'
import { parseEndpoint, regionOf, type S3Options } from './options.js'
import { putObject } from './put.js'
import { locate, sending } from './request.js'

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
  return { ...limitStore(direct, options.limits), close: () => client.destroy() }
}

function createClient(options: S3StoreOptions): S3Client {
  const { endpoint, credentials } = options
  if (endpoint !== undefined) parseEndpoint(endpoint)
  const agent = { maxSockets: (options.limits?.concurrency ?? 64) + 16 }
  return new S3Client({
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
}

async function getObject(
  client: S3Client,
  path: string,
  { range, signal }: { range?: ByteRange; signal?: AbortSignal },
): Promise<{ bytes: Uint8Array; meta: ObjectMeta } | undefined> {
  if (range !== undefined) checkRange(range)
  // HTTP has no way to ask for no bytes.
  if (isEmptyRange(range)) return emptyRange(client, path, signal)
  try {
    const command = new GetObjectCommand({
      ...locate(path),
      ...(range === undefined ? {} : { Range: rangeHeader(range) }),
    })
    const answer = await client.send(command, sending(signal))
    const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
    return clipAnswer(path, { answer, bytes, range })
  } catch (error) {
    if (isNotFound(error)) return undefined
    if (statusOf(error) === 416 || isNamed(error, 'InvalidRange')) {
      return emptyRange(client, path, signal)
    }
    throw s3Error(error, 'read', path)
  }
}

function rangeHeader(range: ByteRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end - 1}`
}

/** Holds the answer to what was asked for: a service may ignore the range. */
function clipAnswer(
  path: string,
  found: {
    readonly answer: GetObjectCommandOutput
    readonly bytes: Uint8Array
    readonly range: ByteRange | undefined
  },
): { bytes: Uint8Array; meta: ObjectMeta } {
  const { answer, bytes, range } = found
  const total = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1]
  const size = total === undefined ? bytes.length : Number(total)
  const meta = metaOf(path, { size, modified: answer.LastModified, etag: answer.ETag })
  if (range === undefined || total !== undefined) return { bytes, meta }
  const { start, end } = clipRange(range, bytes.length)
  return { bytes: bytes.slice(start, end), meta }
}

async function emptyRange(client: S3Client, path: string, signal: AbortSignal | undefined) {
  const meta = await headObject(client, path, signal)
  return meta === undefined ? undefined : { bytes: new Uint8Array(), meta }
}

async function headObject(
  client: S3Client,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ObjectMeta | undefined> {
  try {
    const answer = await client.send(new HeadObjectCommand(locate(path)), sending(signal))
    const size = answer.ContentLength ?? 0
    return metaOf(path, { size, modified: answer.LastModified, etag: answer.ETag })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw s3Error(error, 'read', path)
  }
}

function metaOf(
  path: string,
  found: { size: number; modified: Date | undefined; etag: string | undefined },
): ObjectMeta {
  const lastModified = found.modified?.getTime() ?? 0
  // Services answer an empty tag for files that were not written through them.
  const etag = found.etag ? { etag: found.etag } : {}
  return { path, size: found.size, lastModified, ...etag }
}

async function* listObjects(
  client: S3Client,
  prefix: string,
  { startAfter, signal }: { startAfter?: string; signal?: AbortSignal },
): AsyncGenerator<ObjectMeta> {
  const { head } = parseUri(prefix)
  const after = startAfter === undefined ? {} : { StartAfter: locate(startAfter).Key }
  for await (const page of pages(client, prefix, { ...after, signal })) {
    for (const { Key, Size, LastModified, ETag } of page.Contents ?? []) {
      if (Key === undefined) continue
      yield metaOf(head + Key, { size: Size ?? 0, modified: LastModified, etag: ETag })
    }
  }
}

async function* listPrefixes(
  client: S3Client,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const { head } = parseUri(prefix)
  for await (const page of pages(client, prefix, { Delimiter: '/', signal })) {
    for (const { Prefix } of page.CommonPrefixes ?? []) {
      if (Prefix !== undefined) yield head + Prefix
    }
  }
}

async function* pages(
  client: S3Client,
  prefix: string,
  options: { StartAfter?: string; Delimiter?: string; signal: AbortSignal | undefined },
): AsyncGenerator<ListObjectsV2CommandOutput> {
  const { signal, ...input } = options
  const { Bucket, Key } = locate(prefix)
  let token: string | undefined
  do {
    const command: ListObjectsV2Command = new ListObjectsV2Command({
      Bucket,
      Prefix: Key,
      ...input,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    let page: ListObjectsV2CommandOutput
    try {
      page = await client.send(command, sending(signal))
    } catch (error) {
      throw s3Error(error, 'list', prefix)
    }
    yield page
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
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
