import { isTableError, TableError } from '@spillway/core'

export interface RetryOptions {
  /** Attempts after the first; 5 unless given. */
  readonly retries?: number
  /** Delay before the first retry, doubled for each later one; 200 ms unless given. */
  readonly baseDelayMs?: number
  /** No single delay is longer, a server's Retry-After included; 30 s unless given. */
  readonly maxDelayMs?: number
}

/** A failure that another attempt may not meet, and how long the server asked us to wait before it. */
export class RetryableFailure extends Error {
  constructor(
    readonly error: TableError,
    readonly retryAfterMs?: number,
  ) {
    super(error.message, { cause: error })
  }
}

/** Runs `attempt` until it answers, fails for good, or the retries are used up; then throws the last failure. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  options: RetryOptions & { readonly signal?: AbortSignal | undefined },
): Promise<T> {
  const { retries = 5, baseDelayMs = 200, maxDelayMs = 30_000, signal } = options
  for (let used = 0; ; used++) {
    try {
      return await attempt()
    } catch (failure) {
      if (signal?.aborted) throw cancelled(signal)
      if (!(failure instanceof RetryableFailure)) throw failure
      if (used >= retries) throw exhausted(failure.error, used + 1)
      const backoff = baseDelayMs * 2 ** used * (0.5 + Math.random() / 2)
      await sleep(Math.min(maxDelayMs, failure.retryAfterMs ?? backoff), signal)
    }
  }
}

function exhausted(error: TableError, attempts: number): TableError {
  return new TableError(error.code, `${error.message} (after ${attempts} attempts)`, {
    context: error.context,
    cause: error,
    retryable: true,
  })
}

/** 429 and every 5xx: what the official clients retry as well. */
export function isRetryableStatus(status: number): boolean {
  return status === 429 || status >= 500
}

/** Milliseconds that a Retry-After header asks for: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(signal))
    const stop = () => {
      clearTimeout(timer)
      reject(cancelled(signal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

export function cancelled(signal: AbortSignal | undefined): TableError {
  if (isTableError(signal?.reason)) return signal.reason
  return new TableError('CANCELLED', 'the request was cancelled', { cause: signal?.reason })
}
