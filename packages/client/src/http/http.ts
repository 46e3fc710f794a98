import { isTableError, TableError } from '@spillway/core'
import type { Authorization } from './authorization.js'
import type { BytesAnswer, FetchBytes } from './bytes-answer.js'
import { classify, failureOf, redirection } from './http-failure.js'
import { type RetryOptions, unlessAborted, withRetries } from './retry.js'
import { type Timeouts, type Watch, watchRequest } from './watch.js'

export interface HttpOptions {
  /** For proxies, custom certificate authorities and tests; the platform's own unless given. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** For files by signed URLs, in place of `fetch`: `nodeFetchFiles` of `@spillway/client/node` takes less of the processor. */
  readonly fetchFiles?: FetchBytes | undefined
  readonly timeouts?: Timeouts
  readonly retry?: RetryOptions
  readonly userAgent?: string
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

/** A 2xx answer. Whoever takes it must read `body` to its end, or call `close`. */
export interface HttpAnswer {
  readonly url: string
  readonly headers: Headers
  /** Chunks of the body; a silence longer than the time-out or a broken connection throws. */
  readonly body: AsyncIterable<Uint8Array>
  close(): void
}

export type ReadAnswer<T> = (answer: HttpAnswer) => Promise<T>

/** `path` is below the endpoint, with a leading slash. */
export type SharingRequest = Omit<HttpRequest, 'url'> & { readonly path: string }

/** Sends a request until `read` has made something of its answer: what `read` meets may be retried as well. */
export type SendRequest = <T>(request: SharingRequest, read: ReadAnswer<T>) => Promise<T>

/** Requests against one endpoint: authorised, timed out, retried, errors as TableErrors that carry the server's words. */
export function httpSender(
  endpoint: string,
  authorization: Authorization,
  options: HttpOptions = {},
): SendRequest {
  const base = endpoint.replace(/\/+$/, '')
  return ({ path, ...request }, read) => {
    const authorized = async () => {
      const header = await authorization.header(request.signal)
      const headers = { ...request.headers, authorization: header }
      return { header, answer: { ...request, url: base + path, headers } }
    }
    const attempt = async () => {
      const first = await authorized()
      try {
        return await exchange(first.answer, options, read)
      } catch (error) {
        const refused = isTableError(error) && error.code === 'UNAUTHENTICATED'
        if (!refused || !authorization.forget?.(first.header)) throw error
        // The token was revoked before its time: one more, and no loop where that is refused as well.
        return exchange((await authorized()).answer, options, read)
      }
    }
    return withRetries(attempt, { ...options.retry, signal: request.signal })
  }
}

export const DEFAULT_TIMEOUT_MS = 60_000

/** One request and its answer, once. Redirects are not followed: they would carry the token to somebody else. */
export async function exchange<T>(
  request: HttpRequest,
  options: HttpOptions,
  read: ReadAnswer<T>,
): Promise<T> {
  const { url } = request
  const { connectMs = DEFAULT_TIMEOUT_MS, idleMs = DEFAULT_TIMEOUT_MS } = options.timeouts ?? {}
  const watch = watchRequest(url, request.signal)
  try {
    watch.expect(connectMs)
    const response = await answered(request, { options, watch })
    watch.pause()
    const body = chunksOf(response, { watch, url, idleMs })
    const { headers } = response
    return await read({ url, headers, body, close: () => watch.abort(closed()) })
  } catch (error) {
    watch.abort(closed())
    throw located(error, url)
  }
}

/** The answer, where it is of 2xx. */
async function answered(
  { method, url, headers, body }: HttpRequest,
  { options, watch }: { readonly options: HttpOptions; readonly watch: Watch },
): Promise<Response> {
  const { fetch = globalThis.fetch, userAgent } = options
  try {
    const asked = fetch(url, {
      method,
      headers: { ...(userAgent === undefined ? {} : { 'user-agent': userAgent }), ...headers },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: watch.signal,
    })
    const response = await unlessAborted(asked, watch.signal)
    const redirected = redirection(response, url)
    if (redirected !== undefined) throw redirected
    if (!response.ok) throw await failureOf(response, url, watch.signal)
    return response
  } catch (error) {
    throw classify(error, url, watch.signal)
  }
}

function closed(): TableError {
  return new TableError('CANCELLED', 'the answer was closed before its end')
}

export interface Reading {
  readonly watch: Watch
  /** Where the body comes from, as errors say it: a URL that is a secret does not stand here. */
  readonly url: string
  readonly idleMs: number
}

/** Time runs only while a chunk is waited for: a slow reader is not a silent server. */
export async function* chunksOf(
  response: Pick<BytesAnswer, 'body'>,
  { watch, url, idleMs }: Reading,
): AsyncIterable<Uint8Array> {
  const reader = response.body?.getReader()
  try {
    for (;;) {
      watch.expect(idleMs)
      // A damaged compressed body leaves Node's own streams waiting, whatever its signal says.
      const next = reader && (await unlessAborted(reader.read(), watch.signal))
      watch.pause()
      if (next === undefined || next.done) return watch.stop()
      yield next.value
    }
  } catch (error) {
    throw classify(error, url, watch.signal)
  } finally {
    watch.stop()
    reader?.cancel().catch(() => undefined)
  }
}

const MAX_TEXT_BYTES = 64 * 1024 * 1024

/** The whole body as text; longer than any list of a server is refused. */
export async function readText({ body }: HttpAnswer, maxBytes = MAX_TEXT_BYTES): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw unusable(`it is longer than ${maxBytes} bytes`)
    text += decode(decoder, chunk)
  }
  return text + decode(decoder)
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch (cause) {
    throw unusable('it is not UTF-8 text', cause)
  }
}

export function unusable(reason: string, cause?: unknown): TableError {
  return new TableError('TABLE_CORRUPT', `the server's answer cannot be used: ${reason}`, { cause })
}

/** What is wrong with an answer, together with the address that it came from. */
export function located(error: unknown, url: string): unknown {
  const silent = isTableError(error) && error.context.url === undefined
  if (!silent || error.code === 'CANCELLED') return error
  const context = { ...error.context, url }
  const { message, retryable } = error
  return new TableError(error.code, message, { context, retryable, cause: error })
}
