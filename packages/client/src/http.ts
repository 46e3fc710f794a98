import { type ErrorCode, isTableError, TableError } from '@spillway/core'
import type { Authorization } from './authorization.js'
import {
  cancelled,
  isRetryableStatus,
  RetryableFailure,
  type RetryOptions,
  retryAfterMs,
  withRetries,
} from './retry.js'

export interface HttpOptions {
  /** For proxies, custom certificate authorities and tests; the platform's own unless given. */
  readonly fetch?: typeof globalThis.fetch
  /** Longest silence before and within an answer; 60 s unless given. */
  readonly timeoutMs?: number
  readonly retry?: RetryOptions
  readonly userAgent?: string
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** Below the profile's endpoint, with a leading slash. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

export type SendRequest = (request: HttpRequest) => Promise<HttpAnswer>

/** A 2xx answer. Whoever takes it must read `body` to its end, or call `close`. */
export interface HttpAnswer {
  readonly headers: Headers
  /** Chunks of the body; a silence longer than the time-out or a broken connection throws. */
  readonly body: AsyncIterable<Uint8Array>
  close(): void
}

/** Requests against one endpoint: authorised, timed out, retried, errors as TableErrors that carry the server's words. */
export function httpSender(
  endpoint: string,
  authorization: Authorization,
  options: HttpOptions = {},
): SendRequest {
  const base = endpoint.replace(/\/+$/, '')
  return request =>
    withRetries(() => attempt(base, request, { ...options, authorization }), {
      ...options.retry,
      signal: request.signal,
    })
}

interface AttemptOptions extends HttpOptions {
  readonly authorization: Authorization
}

async function attempt(
  base: string,
  request: HttpRequest,
  options: AttemptOptions,
): Promise<HttpAnswer> {
  const { fetch = globalThis.fetch, authorization, timeoutMs = 60_000, userAgent } = options
  const url = base + request.path
  const silence = silenceTimer(timeoutMs, url)
  const signal = AbortSignal.any([silence.signal, ...(request.signal ? [request.signal] : [])])
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: {
        ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
        ...(request.body === undefined
          ? {}
          : { 'content-type': 'application/json; charset=utf-8' }),
        ...request.headers,
        authorization: await authorization.header(signal),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'error',
      signal,
    })
    silence.restart()
    if (!response.ok) throw await failureOf(response, url)
    const body = chunksOf(response, silence, url, signal)
    return { headers: response.headers, body, close: () => silence.abort() }
  } catch (error) {
    silence.stop()
    throw classify(error, url, signal)
  }
}

async function* chunksOf(
  response: Response,
  silence: SilenceTimer,
  url: string,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const reader = response.body?.getReader()
  try {
    for (;;) {
      const next = await reader?.read()
      if (next === undefined || next.done) return
      silence.restart()
      yield next.value
    }
  } catch (error) {
    const failure = classify(error, url, signal)
    throw failure instanceof RetryableFailure ? failure.error : failure
  } finally {
    silence.stop()
    await reader?.cancel().catch(() => undefined)
  }
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  429: 'RATE_LIMITED',
}

async function failureOf(response: Response, url: string): Promise<Error> {
  const text = (await response.text()).slice(0, 4096)
  const { errorCode, message } = serverWords(text)
  const status = response.status
  const code = CODE_OF_STATUS[status] ?? (status >= 500 ? 'STORAGE_UNAVAILABLE' : 'INVALID_REQUEST')
  const context = { url, status, ...(errorCode === undefined ? {} : { errorCode }) }
  const error = new TableError(code, `the server answered ${status}: ${message}`, { context })
  if (!isRetryableStatus(status)) return error
  return new RetryableFailure(error, retryAfterMs(response.headers.get('retry-after'), Date.now()))
}

/** Servers answer JSON `{errorCode, message}`; proxies between answer pages of HTML. */
function serverWords(text: string): { errorCode?: string; message: string } {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) {
      const { errorCode, message } = parsed as { errorCode?: unknown; message?: unknown }
      return {
        ...(typeof errorCode === 'string' ? { errorCode } : {}),
        message: typeof message === 'string' ? message : text,
      }
    }
  } catch {
    // Not JSON: what was sent is the best there is to say.
  }
  return { message: text.replace(/\s+/g, ' ').trim().slice(0, 300) || 'nothing' }
}

/** Whatever fetch and streams throw, as one of our errors; broken connections may be tried again. */
function classify(error: unknown, url: string, signal: AbortSignal): Error {
  if (error instanceof RetryableFailure) return error
  const known = isTableError(error) ? error : signal.aborted ? cancelled(signal) : undefined
  if (known !== undefined) return known.retryable ? new RetryableFailure(known) : known
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new RetryableFailure(
    new TableError('STORAGE_UNAVAILABLE', `no whole answer from ${url}: ${detail}`, {
      context: { url },
      cause: error,
    }),
  )
}

interface SilenceTimer {
  readonly signal: AbortSignal
  restart(): void
  stop(): void
  abort(): void
}

function silenceTimer(timeoutMs: number, url: string): SilenceTimer {
  const controller = new AbortController()
  const timeOut = () => {
    const seconds = timeoutMs / 1000
    controller.abort(
      new TableError('STORAGE_UNAVAILABLE', `${url} was silent for ${seconds} seconds`, {
        context: { url },
      }),
    )
  }
  let timer = setTimeout(timeOut, timeoutMs)
  return {
    signal: controller.signal,
    restart() {
      clearTimeout(timer)
      timer = setTimeout(timeOut, timeoutMs)
    },
    stop: () => clearTimeout(timer),
    abort() {
      clearTimeout(timer)
      controller.abort(new TableError('CANCELLED', 'the answer was closed before its end'))
    },
  }
}
