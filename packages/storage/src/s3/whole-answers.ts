import type { S3Client } from '@aws-sdk/client-s3'
import { answerError } from './answer-error.js'

interface RawAnswer {
  statusCode: number
  headers: Record<string, string | undefined>
  body: unknown
}

/** What the SDK does not look at, and turns into an answer with less in it. */
export function refuseHalfAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async args => {
      const result = await next(args)
      const answer = rawAnswer(result.response)
      if (answer === undefined || answer.statusCode < 200 || answer.statusCode >= 300) return result
      const {
        Bucket = '',
        Prefix,
        Key,
      } = args.input as {
        Bucket?: string
        Prefix?: string
        Key?: string
      }
      const path = `s3://${Bucket}/${Key ?? Prefix ?? ''}`
      if (context.commandName === 'GetObjectCommand') requireLength(answer, path)
      if (context.commandName === 'ListObjectsV2Command') {
        const bytes = await client.config.streamCollector(answer.body)
        requireListing(bytes, path)
        answer.body = bytes
      }
      return result
    },
    { name: 'refuseHalfAnswers', step: 'deserialize', priority: 'low', override: true },
  )
}

function rawAnswer(response: unknown): RawAnswer | undefined {
  const isAnswer =
    typeof response === 'object' &&
    response !== null &&
    'statusCode' in response &&
    'headers' in response
  return isAnswer ? (response as RawAnswer) : undefined
}

/** A body that ends with its connection ends anywhere. */
function requireLength({ headers }: RawAnswer, path: string): void {
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return
  throw answerError(
    path,
    'it does not say how long it is, so that a cut cannot be told from the end',
  )
}

/** Its root, by the names that services give it. */
const START = /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(ListBucket(?:V2)?Result(?:V2)?)[\s>]/s
const END = /<\/(\w+)\s*>\s*$/
const ERROR = /<Error[\s>].*?<Code>([\w.]+)<\/Code>/s
const TRUNCATED = '<IsTruncated>'

/** The SDK reads anything as a listing: a page, an error, and the first half of one, as one of what it understood. */
function requireListing(bytes: Uint8Array, path: string): void {
  const head = text(bytes.subarray(0, 2048))
  const root = START.exec(head)?.[1]
  if (root === undefined) {
    const code = ERROR.exec(head)?.[1]
    const found = code === undefined ? quoted(head) : `the error ${code}`
    throw answerError(path, `expected a ListBucketResult, found ${found}`)
  }
  if (END.exec(text(bytes.subarray(-128)))?.[1] !== root) {
    throw answerError(path, `the listing is cut off after ${bytes.length} bytes`)
  }
  // To the SDK, whatever is not `true` means that there is no more.
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(TRUNCATED)
  const said = text(bytes.subarray(at + TRUNCATED.length, at + TRUNCATED.length + 6))
  if (at >= 0 && /^(true<|false<)/.test(said)) return
  throw answerError(path, 'it does not say whether there is more')
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function quoted(head: string): string {
  const start = head.replace(/[^\x20-\x7e]+/g, ' ').trim()
  return start === '' ? 'nothing' : `'${start.slice(0, 60)}'`
}
