import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { ByteRange, ObjectMeta } from '@spillway/core'
import { checkRange, clipRange, isEmptyRange } from '../objects/byte-range.js'
import { answerError } from './answer-error.js'
import { isNamed, isNotFound, s3Error, statusOf } from './errors.js'
import { locate, sending } from './request.js'

export async function getObject(
  client: S3Client,
  path: string,
  { range, signal }: { range?: ByteRange | undefined; signal?: AbortSignal | undefined },
): Promise<{ bytes: Uint8Array; meta: ObjectMeta } | undefined> {
  if (range !== undefined) checkRange(range)
  // HTTP has no way to ask for no bytes.
  if (isEmptyRange(range)) return emptyRange(client, path, { range, signal })
  try {
    const command = new GetObjectCommand({
      ...locate(path),
      ...(range === undefined ? {} : { Range: rangeHeader(range) }),
    })
    const answer = await client.send(command, sending(signal))
    try {
      const part = partOf(path, answer, range)
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
      return clipAnswer(path, { answer, bytes, range, part })
    } catch (error) {
      discard(answer.Body)
      throw error
    }
  } catch (error) {
    if (isNotFound(error)) return undefined
    if (statusOf(error) === 416 || isNamed(error, 'InvalidRange')) {
      return emptyRange(client, path, { range, signal })
    }
    throw s3Error(error, 'read', path)
  }
}

/** A body that nobody reads keeps its connection. */
function discard(body: GetObjectCommandOutput['Body']): void {
  if (body !== undefined && 'destroy' in body) body.destroy()
}

function rangeHeader(range: ByteRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end - 1}`
}

/** The longest object that is read whole where a service does not know ranges. */
const LONGEST_WHOLE = 256 * 1024 * 1024

interface Part {
  readonly start: number
  readonly end: number
  /** The size of the object, of which the part is a piece. */
  readonly size: number
}

/** Which bytes come, by what the headers say; undefined for the whole object. They must be those that were asked for. */
function partOf(
  path: string,
  answer: GetObjectCommandOutput,
  range: ByteRange | undefined,
): Part | undefined {
  const { ContentRange: said, ContentLength: length, $metadata } = answer
  const status = $metadata.httpStatusCode
  if (status !== 206 && said === undefined) {
    if (status !== 200) throw answerError(path, `status ${status} is none of a reading`)
    if (range !== undefined && (length ?? 0) > LONGEST_WHOLE) {
      throw answerError(path, `the service ignores ranges, and sends ${length} bytes`, {
        retryable: false,
      })
    }
    return undefined
  }
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(said ?? '') ?? []
  if (range === undefined || total === undefined) {
    const asked = range === undefined ? 'the whole object' : rangeHeader(range)
    throw answerError(path, `${asked} was asked for, '${said ?? 'some part'}' comes`)
  }
  const size = Number(total)
  const { start, end } = clipRange(range, size)
  if (Number(from) !== start || Number(to) !== end - 1) {
    throw answerError(path, `${rangeHeader(range)} was asked for, '${said}' comes`)
  }
  if (length !== undefined && length !== end - start) {
    throw answerError(path, `'${said}' comes with ${length} bytes`)
  }
  return { start, end, size }
}

/** Holds the answer to what was asked for: a service may ignore the range. */
function clipAnswer(
  path: string,
  found: {
    readonly answer: GetObjectCommandOutput
    readonly bytes: Uint8Array
    readonly range: ByteRange | undefined
    readonly part: Part | undefined
  },
): { bytes: Uint8Array; meta: ObjectMeta } {
  const { answer, bytes, range, part } = found
  const expected = part === undefined ? answer.ContentLength : part.end - part.start
  if (expected !== undefined && bytes.length !== expected) {
    throw answerError(path, `${expected} bytes were announced, ${bytes.length} came`)
  }
  const size = part?.size ?? bytes.length
  const meta = metaOf(path, { size, modified: answer.LastModified, etag: answer.ETag })
  if (range === undefined || part !== undefined) return { bytes, meta }
  const { start, end } = clipRange(range, bytes.length)
  return { bytes: bytes.slice(start, end), meta }
}

/** The answer to a range that is said to hold nothing. */
async function emptyRange(
  client: S3Client,
  path: string,
  { range, signal }: { range: ByteRange | undefined; signal: AbortSignal | undefined },
) {
  const meta = await headObject(client, path, signal)
  if (meta === undefined) return undefined
  const { start, end } = clipRange(range, meta.size)
  if (start < end) {
    const asked = range === undefined ? 'the object' : rangeHeader(range)
    throw answerError(path, `${asked} is said to hold nothing of an object of ${meta.size} bytes`)
  }
  return { bytes: new Uint8Array(), meta }
}

export async function headObject(
  client: S3Client,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ObjectMeta | undefined> {
  try {
    const command = new HeadObjectCommand({ ...locate(path), ChecksumMode: 'ENABLED' })
    const answer = await client.send(command, sending(signal))
    const { ContentLength: size, LastModified: modified, ETag: etag } = answer
    if (size === undefined) throw answerError(path, 'it does not say how long the object is')
    const sha256 = wholeSha256(answer)
    return { ...metaOf(path, { size, modified, etag }), ...(sha256 && { sha256 }) }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw s3Error(error, 'read', path)
  }
}

/** A checksum of the checksums of parts (`COMPOSITE`, with `-3` behind it) is none of the object, and what says no type may be one. */
function wholeSha256({
  ChecksumSHA256: checksum,
  ChecksumType: type,
}: HeadObjectCommandOutput): string | undefined {
  if (checksum === undefined || type !== 'FULL_OBJECT') return undefined
  if (!/^[A-Za-z0-9+/]{43}=$/.test(checksum)) return undefined
  return Buffer.from(checksum, 'base64').toString('hex')
}

export function metaOf(
  path: string,
  found: { size: number; modified: Date | undefined; etag: string | undefined },
): ObjectMeta {
  const lastModified = found.modified?.getTime() ?? 0
  // Services answer an empty tag for files that were not written through them.
  const etag = found.etag ? { etag: found.etag } : {}
  return { path, size: found.size, lastModified, ...etag }
}
