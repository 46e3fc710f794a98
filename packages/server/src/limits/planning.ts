import { TableError } from '@spillway/core'
import type { RequestContext } from '../requests/request-context.js'

/** How the work before an answer's first byte shares the thread. */
export interface Planning {
  /** Awaited between pieces of work of some ten milliseconds, with how long the last one took. */
  readonly turn: (milliseconds?: number) => Promise<void>
}

/** A request waits its recipient's turn between pieces of work, and ends where they come to more than it may take. */
export function planningOf({
  rounds,
  recipient,
  limits,
}: Pick<RequestContext, 'rounds' | 'recipient' | 'limits'>): Planning {
  let used = 0
  return {
    async turn(milliseconds = 0) {
      used += milliseconds
      if (used > limits.planCpuSeconds * 1000) {
        throw new TableError(
          'INVALID_REQUEST',
          `finding the files that may match took more than the ${limits.planCpuSeconds} seconds that a request may take of the server (planCpuSeconds); ask with fewer conditions, or with none`,
        )
      }
      await rounds.turn({ first: true, recipient: recipient.id })
    },
  }
}

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
