import { TableError } from '@spillway/core'
import { cancelled } from './retry.js'

/** How long to wait; none of these ends in an answer that is shorter than it should be. */
export interface Timeouts {
  /** Until the answer's status: connection, TLS, and the server's thinking. 60 s unless given. */
  readonly connectMs?: number
  /** Longest silence within an answer, while somebody is reading it. 60 s unless given. */
  readonly idleMs?: number
  /** For one call from its first request to the end of its answer, with retries, pages and polls. No limit unless given. */
  readonly totalMs?: number
}

/** The life of one request: ends when the caller cancels, when nothing comes for too long, or when it is closed. */
export interface Watch {
  readonly signal: AbortSignal
  /** From now on something must come within `ms`. */
  expect(ms: number): void
  /** Nothing is expected: nobody is reading. */
  pause(): void
  /** It went well; the signal will not be aborted any more. */
  stop(): void
  abort(reason: TableError): void
}

export function watchRequest(url: string, outer: AbortSignal | undefined): Watch {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const forward = () => abort(cancelled(outer))
  const stop = () => {
    clearTimeout(timer)
    outer?.removeEventListener('abort', forward)
  }
  function abort(reason: TableError): void {
    stop()
    controller.abort(reason)
  }
  if (outer?.aborted) forward()
  else outer?.addEventListener('abort', forward, { once: true })
  return {
    signal: controller.signal,
    expect(ms) {
      clearTimeout(timer)
      timer = setTimeout(() => abort(silence(url, ms)), ms)
    },
    pause: () => clearTimeout(timer),
    stop,
    abort,
  }
}

function silence(url: string, ms: number): TableError {
  return new TableError('STORAGE_UNAVAILABLE', `${url} was silent for ${ms / 1000} seconds`, {
    context: { url },
  })
}

/** The life of one call of the client, which may be many requests. */
export interface Deadline {
  readonly signal: AbortSignal | undefined
  /** The call is over. */
  done(): void
}

export function startDeadline(
  totalMs: number | undefined,
  outer: AbortSignal | undefined,
): Deadline {
  if (totalMs === undefined) return { signal: outer, done: () => undefined }
  const controller = new AbortController()
  const forward = () => controller.abort(cancelled(outer))
  const timer = setTimeout(() => {
    const message = `there was no whole answer within the ${totalMs / 1000} seconds allowed`
    // Another attempt would only take the same time again.
    controller.abort(new TableError('STORAGE_UNAVAILABLE', message, { retryable: false }))
  }, totalMs)
  if (outer?.aborted) forward()
  else outer?.addEventListener('abort', forward, { once: true })
  return {
    signal: controller.signal,
    done() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', forward)
    },
  }
}
