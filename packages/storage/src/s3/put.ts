import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { TableError } from '@spillway/core'
import { isNamed, s3Error, statusOf } from './errors.js'
import { locate, sending } from './request.js'

interface PutInput {
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>
  readonly ifAbsent?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Parts may differ in size, but none but the last may be under 5 MiB, and there are at most 10,000. */
const PART_BYTES = 16 * 1024 * 1024

/** One request for what fits into a part; a multipart upload, a part in memory at a time, for what does not. */
export async function putObject(client: S3Client, path: string, input: PutInput): Promise<boolean> {
  try {
    if (input.bytes instanceof Uint8Array) return await putWhole(client, path, input.bytes, input)
    const parts = inParts(input.bytes)[Symbol.asyncIterator]()
    const first = await parts.next()
    const second = await parts.next()
    const start = first.done === true ? new Uint8Array() : first.value
    if (second.done === true) return await putWhole(client, path, start, input)
    return await putParts(client, path, resume([start, second.value], parts), input)
  } catch (error) {
    if (input.ifAbsent === true && isPresent(error)) return false
    throw s3Error(error, 'write', path)
  }
}

function isPresent(error: unknown): boolean {
  return statusOf(error) === 412 || isNamed(error, 'PreconditionFailed')
}

function condition(input: PutInput): { IfNoneMatch?: string } {
  return input.ifAbsent === true ? { IfNoneMatch: '*' } : {}
}

async function putWhole(
  client: S3Client,
  path: string,
  bytes: Uint8Array,
  input: PutInput,
): Promise<boolean> {
  const command = new PutObjectCommand({ ...locate(path), Body: bytes, ...condition(input) })
  await client.send(command, sending(input.signal))
  return true
}

async function putParts(
  client: S3Client,
  path: string,
  parts: AsyncIterable<Uint8Array>,
  input: PutInput,
): Promise<boolean> {
  const object = locate(path)
  const started = await client.send(new CreateMultipartUploadCommand(object), sending(input.signal))
  const upload = { ...object, UploadId: started.UploadId }
  const done: CompletedPart[] = []
  try {
    for await (const Body of parts) {
      const PartNumber = done.length + 1
      if (PartNumber > 10_000) throw tooLong(path)
      const command = new UploadPartCommand({ ...upload, PartNumber, Body })
      const { ETag } = await client.send(command, sending(input.signal))
      done.push({ PartNumber, ...(ETag === undefined ? {} : { ETag }) })
    }
    const complete = { ...upload, MultipartUpload: { Parts: done }, ...condition(input) }
    await client.send(new CompleteMultipartUploadCommand(complete), sending(input.signal))
    return true
  } catch (error) {
    // Parts that nobody completes are stored, and paid for, until somebody removes them.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined)
    throw error
  }
}

function tooLong(path: string): TableError {
  return new TableError('UNSUPPORTED_FEATURE', 'an object of more than 10,000 parts of 16 MiB', {
    context: { path },
  })
}

async function* inParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part = new Uint8Array(PART_BYTES)
  let used = 0
  for await (const chunk of chunks) {
    let taken = 0
    while (taken < chunk.length) {
      const length = Math.min(chunk.length - taken, PART_BYTES - used)
      part.set(chunk.subarray(taken, taken + length), used)
      taken += length
      used += length
      if (used < PART_BYTES) continue
      yield part
      part = new Uint8Array(PART_BYTES)
      used = 0
    }
  }
  if (used > 0) yield part.subarray(0, used)
}

async function* resume(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
