import { hostOfUrl, TableError } from '@spillway/core'
import type { WireSignedFile } from '@spillway/protocol/wire'
import type { BytesAnswer } from '../http/bytes-answer.js'
import { fetchSigned } from '../http/fetch-signed.js'
import { chunksOf, DEFAULT_TIMEOUT_MS, type HttpOptions } from '../http/http.js'
import { classify } from '../http/http-failure.js'
import { retryAfterMs } from '../http/retry.js'
import { type Watch, watchRequest } from '../http/watch.js'
import { bodyRange, type FilePlace, fileError, refusalOf } from './file-answer.js'

export interface OpenFileOptions {
  /** Bytes from `start` up to `end`, which is not among them; all of the file unless given. */
  readonly range?: { readonly start: number; readonly end: number } | undefined
  readonly signal?: AbortSignal | undefined
}

/** Bytes of a file that are on their way. Whoever takes it reads `chunks` to the end, or calls `close`. */
export interface OpenedFile {
  /** Of the bytes that come; it may end sooner than was asked for. */
  readonly start: number
  readonly end: number
  /** The entity tag that the store says, if it does. */
  readonly etag: string | undefined
  /** Exactly the bytes from `start` to `end`, or an error. */
  readonly chunks: AsyncIterable<Uint8Array>
  close(): void
}

/**
 * Asks for bytes of a file as it was listed: by `If-Match` where it has a strong tag, so that another file of the same name
 * is noticed. The errors say what to do: `CONFLICT` the file is another or gone, `PERMISSION_DENIED` the URL is not taken any
 * more, `UNSUPPORTED_FEATURE` the store sends whole files only, `STORAGE_UNAVAILABLE` again later; `TABLE_CORRUPT` the store
 * contradicts itself. They name the host and the path; the URL, which is a secret, stands in none of them.
 */
export async function openFile(
  file: WireSignedFile,
  http: HttpOptions,
  { range, signal }: OpenFileOptions = {},
): Promise<OpenedFile> {
  const place = { host: hostOfUrl(file.url), file }
  const label = `the provider's storage at ${place.host}`
  const { connectMs = DEFAULT_TIMEOUT_MS, idleMs = DEFAULT_TIMEOUT_MS } = http.timeouts ?? {}
  const watch = watchRequest(label, signal)
  try {
    watch.expect(connectMs)
    const response = await requested(place, { range, http, watch })
    watch.pause()
    const refusal = refusalOf(response.status, place)
    if (refusal !== undefined) {
      response.body?.cancel().catch(() => undefined)
      throw withWait(refusal, retryAfterMs(response.headers.get('retry-after'), Date.now()))
    }
    const { start, end } = bodyRange(response, range, place)
    const body = chunksOf(response, { watch, url: label, idleMs })
    return {
      start,
      end,
      etag: response.headers.get('etag') ?? undefined,
      chunks: measured(body, { length: end - start, place }),
      close: () => watch.abort(new TableError('CANCELLED', 'the file was closed before its end')),
    }
  } catch (error) {
    const told = classify(error, label, watch.signal)
    watch.abort(new TableError('CANCELLED', 'the file was closed before its end'))
    throw told
  }
}

function requested(
  place: FilePlace,
  {
    range,
    http,
    watch,
  }: {
    readonly range: OpenFileOptions['range']
    readonly http: HttpOptions
    readonly watch: Watch
  },
): Promise<BytesAnswer> {
  const { fetch, fetchFiles = fetch, userAgent } = http
  const { url, etag } = place.file
  return fetchSigned(url, {
    headers: {
      // Lengths and ranges are of the file, not of what a proxy makes of it.
      'accept-encoding': 'identity',
      ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
      ...(range && { range: `bytes=${range.start}-${range.end - 1}` }),
      ...(isStrong(etag) && { 'if-match': etag }),
    },
    signal: watch.signal,
    fetch: fetchFiles,
    refuse: reason => fileError(place, { code: 'INVALID_REQUEST', reason, retryable: false }),
  })
}

/** When to come back, if the store says so, in the context as `retryAfterMs`. */
function withWait(error: TableError, retryAfterMs: number | undefined): TableError {
  if (retryAfterMs === undefined || !error.retryable) return error
  const { code, message, context, retryable } = error
  return new TableError(code, message, { context: { ...context, retryAfterMs }, retryable })
}

/** RFC 9110, 8.8.3: a weak one says nothing about bytes, and matches nothing. */
function isStrong(etag: string | undefined): etag is string {
  return etag?.startsWith('"') === true
}

async function* measured(
  body: AsyncIterable<Uint8Array>,
  { length, place }: { readonly length: number; readonly place: FilePlace },
): AsyncGenerator<Uint8Array> {
  let taken = 0
  for await (const chunk of body) {
    taken += chunk.length
    if (taken > length) {
      const reason = `more came than the ${length} bytes that were announced`
      throw fileError(place, { code: 'TABLE_CORRUPT', reason, retryable: false })
    }
    yield chunk
  }
  if (taken < length) {
    const reason = `the answer ended after ${taken} of ${length} bytes`
    throw fileError(place, { code: 'STORAGE_UNAVAILABLE', reason, retryable: true })
  }
}
