import { TableError } from '@spillway/core'

/** Ends the work of a request that is not answered in time. */
export interface Deadline {
  readonly signal: AbortSignal
  /** What `work` gives, or a refusal once the time is over, whether the work hears of it or not. */
  run<Result>(work: Promise<Result>): Promise<Result>
  /** The answer has begun: it may go on as long as the recipient takes it. */
  met(): void
}

export function createDeadline(seconds: number, gone: AbortSignal): Deadline {
  const over = new AbortController()
  const late = () =>
    new TableError('STORAGE_UNAVAILABLE', `the answer had not begun after ${seconds} seconds`)
  const timer = setTimeout(() => over.abort(late()), seconds * 1000)
  timer.unref()
  const met = () => clearTimeout(timer)
  return {
    signal: AbortSignal.any([gone, over.signal]),
    met,
    async run(work) {
      const expired = new Promise<never>((_, reject) => {
        over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true })
      })
      try {
        return await Promise.race([work, expired])
      } catch (error) {
        // What was cut off says that it was cancelled; what comes too late is let go.
        throw over.signal.aborted ? over.signal.reason : error
      } finally {
        met()
      }
    },
  }
}
