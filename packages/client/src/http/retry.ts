import { isTableError, TableError, untilAborted } from '@spillway/core'

export interface RetryOptions {
  /** Attempts after the first; 5 unless given. */
  readonly retries?: number
  /** Delay before the first retry, doubled for each later one; 200 ms unless given. */
  readonly baseDelayMs?: number
  /** Longest delay of our own choosing; 30 s unless given. */
  readonly maxDelayMs?: number
  /**
   * No attempt begins later than this after the first: 2 minutes unless given. A server's Retry-After is honoured
   * exactly, so one that points beyond it is given up at once.
   */
  readonly giveUpAfterMs?: number
}

/** A failure that came with the server's word on when to come back. */
export class RetryLater extends Error {
  constructor(
    readonly error: TableError,
    readonly retryAfterMs: number,
  ) {
    super(error.message, { cause: error })
  }
}

/**
 * Runs `attempt` until it answers, fails for good, or retries are used up; then throws the last failure. An attempt may
 * be made again where it threw a retryable TableError and gave nothing to anybody yet.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  options: RetryOptions & { readonly signal?: AbortSignal | undefined },
): Promise<T> {
  const { retries = 5, giveUpAfterMs = 120_000, signal } = options
  const start = performance.now()
  for (let used = 0; ; used++) {
    try {
      return await attempt()
    } catch (failure) {
      if (signal?.aborted) throw cancelled(signal)
      const error = failure instanceof RetryLater ? failure.error : failure
      if (!isTableError(error) || !error.retryable) throw error
      const delay = failure instanceof RetryLater ? failure.retryAfterMs : backoffMs(used, options)
      const tooLate = performance.now() - start + delay > giveUpAfterMs
      if (used >= retries || tooLate) throw exhausted(error, { attempts: used + 1, failure })
      await sleep(delay, signal)
    }
  }
}

/** Doubles, with half of it left to chance, so that clients that failed together do not come back together. */
function backoffMs(used: number, { baseDelayMs = 200, maxDelayMs = 30_000 }: RetryOptions): number {
  return Math.min(maxDelayMs, baseDelayMs * 2 ** used) * (0.5 + Math.random() / 2)
}

function exhausted(
  error: TableError,
  { attempts, failure }: { readonly attempts: number; readonly failure: unknown },
): TableError {
  const asked =
    failure instanceof RetryLater
      ? `, asked to wait ${Math.ceil(failure.retryAfterMs / 1000)} seconds`
      : ''
  const count = `${attempts} attempt${attempts === 1 ? '' : 's'}`
  return new TableError(error.code, `${error.message} (after ${count}${asked})`, {
    context: error.context,
    cause: error,
    retryable: true,
  })
}

/** Milliseconds that a Retry-After header asks for: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header) * 1000
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

/** The answer, or the reason of the signal as soon as it is aborted: not every promise heeds the signal it was given. */
export function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return untilAborted(answer, signal, ({ reason }) => reason)
}
