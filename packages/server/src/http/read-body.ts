import { isTableError, TableError } from '@spillway/core'
import { bodyWasRead } from './body-was-read.js'
import { decodedBody } from './decoded-body.js'

/** The request's body as text. Stops reading as soon as it is longer than allowed, on its way or decoded. */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  // Refused before a byte of it is read.
  if (!(declared <= maxBytes)) throw tooLarge(maxBytes)
  const reader = readerOf(request)
  if (reader === undefined) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff)
    if (done) break
    length += value.byteLength
    if (length > maxBytes) {
      // Not awaited: whoever owns the connection decides what becomes of the rest.
      reader.cancel().catch(() => undefined)
      throw tooLarge(maxBytes)
    }
    chunks.push(value)
  }
  const encoding = request.headers.get('content-encoding')
  const body = await decodedBody(Buffer.concat(chunks), encoding, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new TableError('INVALID_REQUEST', 'the request body is not UTF-8')
  }
}

/** Undefined where there is no body. One that was read before would look empty, and its question be another. */
function readerOf(request: Request): ReadableStreamDefaultReader<Uint8Array> | undefined {
  if (request.bodyUsed) throw bodyWasRead()
  let body: Request['body']
  try {
    body = request.body
  } catch {
    // Adapters make their Request when it is first looked at, which fails where they have given its body away.
    throw bodyWasRead()
  }
  if (body === null) return undefined
  if (body.locked) throw bodyWasRead()
  return body.getReader()
}

/** Whoever sent it has gone, unless the body says otherwise: no fault of ours, and nobody is there to be told. */
function brokenOff(cause: unknown): never {
  if (isTableError(cause)) throw cause
  throw new TableError('CANCELLED', 'the connection ended within the request body', { cause })
}

function tooLarge(maxBytes: number): TableError {
  return new TableError('INVALID_REQUEST', `the request body is larger than ${maxBytes} bytes`)
}
