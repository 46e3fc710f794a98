import {
  type ErrorCode,
  isPassingStatus,
  isTableError,
  type JsonValue,
  parsedUrl,
  TableError,
} from '@spillway/core'
import { isObject, type JsonObject } from '@spillway/protocol/wire'
import { cancelled, RetryLater, retryAfterMs, unlessAborted } from './retry.js'

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  429: 'RATE_LIMITED',
}

/** What the server said by answering something other than 2xx. */
export async function failureOf(
  response: Response,
  url: string,
  signal: AbortSignal,
): Promise<Error> {
  const { errorCode, message } = serverWords(await firstText(response, signal))
  const status = response.status
  const known =
    CODE_OF_STATUS[status] ?? (status >= 500 ? 'STORAGE_UNAVAILABLE' : 'INVALID_REQUEST')
  // Nothing is wrong with a request that a table's own features stand in the way of.
  const isFeature = known === 'INVALID_REQUEST' && errorCode === 'UNSUPPORTED_FEATURE'
  const code = isFeature ? 'UNSUPPORTED_FEATURE' : known
  const error = new TableError(code, `the server answered ${status}: ${message}`, {
    context: { url, status, ...(errorCode === undefined ? {} : { errorCode }) },
    retryable: isPassingStatus(status),
  })
  const wait = retryAfterMs(response.headers.get('retry-after'), Date.now())
  return wait === undefined || !error.retryable ? error : new RetryLater(error, wait)
}

/** More of an error page than this says nothing more. */
const MAX_WORDS_BYTES = 16 * 1024

/** An error page may break off or never end; what came first is enough. */
async function firstText(response: Response, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let text = ''
  try {
    for (let bytes = 0; bytes < MAX_WORDS_BYTES; ) {
      const next = reader && (await unlessAborted(reader.read(), signal))
      if (next === undefined || next.done) break
      bytes += next.value.length
      text += decoder.decode(next.value, { stream: true })
    }
  } catch (error) {
    if (text === '') throw error
  }
  reader?.cancel().catch(() => undefined)
  return text
}

/** Servers answer JSON `{errorCode, message}`, token endpoints `{error, error_description}`, proxies a page of HTML. */
function serverWords(text: string): { errorCode?: string; message: string } {
  const said = parseObject(text)
  const errorCode = stringOf(said.errorCode) ?? stringOf(said.error)
  const message = stringOf(said.message) ?? stringOf(said.error_description)
  return {
    ...(errorCode === undefined ? {} : { errorCode }),
    message: message ?? (text.replace(/\s+/g, ' ').trim().slice(0, 300) || 'nothing'),
  }
}

function parseObject(text: string): JsonObject {
  try {
    const parsed: JsonValue = JSON.parse(text)
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A redirect, which is not followed. Browsers do not say where it leads. */
export function redirection(response: Response, url: string): TableError | undefined {
  const opaque = response.type === 'opaqueredirect'
  if (!opaque && (response.status < 300 || response.status >= 400)) return undefined
  const location = response.headers.get('location')
  const target = location === null ? undefined : parsedUrl(location, url)
  const where = target === undefined ? 'elsewhere' : `to ${target.origin}${target.pathname}`
  return new TableError(
    'INVALID_REQUEST',
    `${url} redirects ${where}, where the credentials are not sent; if that is the provider's address, it belongs into the profile as the endpoint`,
    { context: { url, status: response.status } },
  )
}

/** Whatever fetch and streams throw, as one of our errors; broken connections may be tried again. */
export function classify(error: unknown, url: string, signal: AbortSignal): Error {
  if (error instanceof RetryLater || isTableError(error)) return error
  if (signal.aborted) return cancelled(signal)
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `no whole answer from ${url}: ${innermost(error)}${corsHint(error)}`,
    { context: { url }, cause: error },
  )
}

/** A failure as it was, unless it says the URL that was asked, as some implementations of fetch do. */
export function withoutUrls(error: unknown): unknown {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (!URL_IN_TEXT.test(current.message)) continue
    return new Error(innermost(error).replaceAll(new RegExp(URL_IN_TEXT, 'gi'), 'the URL'))
  }
  return error
}

const URL_IN_TEXT = /[a-z][a-z\d+.-]*:\/\/\S+/i

/** fetch says "fetch failed" and hides why in its causes. */
function innermost(error: unknown): string {
  for (let current = error; ; ) {
    if (!(current instanceof Error)) return String(current)
    if (current.cause === undefined) return current.message || current.name
    current = current.cause
  }
}

/** Browsers do not tell a page why it may not read an answer. */
function corsHint(error: unknown): string {
  const hidden = error instanceof TypeError && error.cause === undefined && 'location' in globalThis
  return hidden
    ? ' (in a browser also what a server looks like that does not allow this page by CORS)'
    : ''
}
