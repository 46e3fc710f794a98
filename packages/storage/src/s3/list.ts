import {
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
  type _Object as S3Object,
} from '@aws-sdk/client-s3'
import type { ObjectMeta } from '@spillway/core'
import { comparePaths } from '../objects/byte-order.js'
import { parseUri } from '../objects/uri.js'
import { answerError } from './answer-error.js'
import { s3Error } from './errors.js'
import { metaOf } from './read.js'
import { locate, sending } from './request.js'

/** As a listing tells it. */
export interface ListedObject extends ObjectMeta {
  /** The service keeps a SHA-256 of the whole object. */
  readonly hasSha256?: true
}

/** Objects under a prefix. What is out of order, repeated or of another folder means that others may be missing. */
export async function* listObjects(
  client: S3Client,
  prefix: string,
  { startAfter, signal }: { startAfter?: string | undefined; signal?: AbortSignal | undefined },
): AsyncGenerator<ListedObject> {
  const { head } = parseUri(prefix)
  const { Key: folder } = locate(prefix)
  const after = startAfter === undefined ? undefined : locate(startAfter).Key
  let last: string | undefined
  for await (const page of pages(client, prefix, {
    StartAfter: after,
    signal,
  })) {
    for (const object of page.Contents ?? []) {
      const { Key, Size, LastModified, ETag } = object
      const key = keyOf(Key, page, prefix)
      // Services that do not know the parameter begin at the beginning.
      if (after !== undefined && comparePaths(key, after) <= 0) continue
      if (!key.startsWith(folder)) throw answerError(prefix, `it lists ${key}, of another folder`)
      if (last !== undefined && comparePaths(key, last) <= 0) throw unordered(prefix, key, last)
      if (Size === undefined || !(Size >= 0))
        throw answerError(prefix, `it lists ${key} without size`)
      last = key
      const meta = metaOf(head + key, { size: Size, modified: LastModified, etag: ETag })
      yield hasSha256(object) ? { ...meta, hasSha256: true } : meta
    }
  }
}

/** Of an object that was uploaded in parts it would be a digest of digests. */
function hasSha256({ ChecksumAlgorithm, ChecksumType }: S3Object): boolean {
  return ChecksumAlgorithm?.includes('SHA256') === true && ChecksumType !== 'COMPOSITE'
}

/** Folders under a prefix. Services may name one again on the next page. */
export async function* listPrefixes(
  client: S3Client,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const { head } = parseUri(prefix)
  const { Key: folder } = locate(prefix)
  let last: string | undefined
  for await (const page of pages(client, prefix, { Delimiter: '/', signal })) {
    for (const { Prefix } of page.CommonPrefixes ?? []) {
      const key = keyOf(Prefix, page, prefix)
      if (key === last) continue
      if (!key.startsWith(folder) || !key.endsWith('/')) {
        throw answerError(prefix, `it lists ${key}, which is no folder in this one`)
      }
      if (last !== undefined && comparePaths(key, last) < 0) throw unordered(prefix, key, last)
      last = key
      yield head + key
    }
  }
}

function unordered(prefix: string, key: string, last: string): Error {
  const said = key === last ? `${key} twice` : `${key} after ${last}`
  // Another try would go on behind the last key, and pass over what should have come before it.
  return answerError(
    prefix,
    `it lists ${said}; listings are read in byte order, each object once`,
    {
      retryable: false,
    },
  )
}

/** Nobody asked for encoded keys; a service that sends them says so. */
function keyOf(
  key: string | undefined,
  { EncodingType }: ListObjectsV2CommandOutput,
  prefix: string,
): string {
  if (key === undefined || key === '') throw answerError(prefix, 'it lists an object without name')
  if (EncodingType !== 'url') return key
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch (cause) {
    throw answerError(prefix, `it says that keys are encoded, and ${key} is not`, { cause })
  }
}

/** Pages in a row that list nothing and say that there is more: deleted versions make some, no folder this many. */
const MAX_EMPTY_PAGES = 1_000

async function* pages(
  client: S3Client,
  prefix: string,
  options: {
    StartAfter?: string | undefined
    Delimiter?: string | undefined
    signal: AbortSignal | undefined
  },
): AsyncGenerator<ListObjectsV2CommandOutput> {
  const { signal, ...input } = options
  const { Bucket, Key } = locate(prefix)
  let token: string | undefined
  let empty = 0
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
    const listed = (page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0)
    empty = listed === 0 ? empty + 1 : 0
    checkPage(page, { prefix, listed, token, empty })
    yield page
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

/** Refuses a page that is not of this listing, or that does not lead on to the rest of it. */
function checkPage(
  page: ListObjectsV2CommandOutput,
  asked: {
    readonly prefix: string
    readonly listed: number
    readonly token: string | undefined
    readonly empty: number
  },
): void {
  const { prefix, listed, token, empty } = asked
  const { Bucket, Key } = locate(prefix)
  const { IsTruncated, NextContinuationToken: next, KeyCount = 0, Name, Prefix } = page
  if (Name !== undefined && Name !== '' && Name !== Bucket && !isAlias(Bucket)) {
    throw answerError(prefix, `it lists the bucket ${Name}`)
  }
  if (Prefix !== undefined && trimmed(Prefix) !== '' && page.EncodingType !== 'url') {
    if (trimmed(Prefix) !== trimmed(Key)) throw answerError(prefix, `it lists the folder ${Prefix}`)
  }
  if (listed < KeyCount) {
    throw answerError(prefix, `it announces ${KeyCount} objects and lists ${listed}`)
  }
  if (IsTruncated !== true) return
  if (next === undefined || next === '') {
    throw answerError(prefix, 'there is more, and no token to ask for it')
  }
  if (next === token) throw answerError(prefix, 'it leads back to the same page')
  if (empty <= MAX_EMPTY_PAGES) return
  throw answerError(prefix, `${empty} pages in a row list nothing and say that there is more`)
}

/** Access points have names of their own, and answer with that of the bucket behind them. */
function isAlias(bucket: string): boolean {
  return bucket.startsWith('arn:') || /-s3alias$|--ol-s3$|\.mrap$/.test(bucket)
}

function trimmed(prefix: string): string {
  return prefix.replace(/^\/+|\/+$/g, '')
}
