import { TableError } from '@spillway/core'

/** A question to somebody else, whose answer is waited for no longer than `seconds`. */
export interface Question {
  readonly seconds: number
  /** What there is to say once they are over. */
  readonly late: () => TableError
  /** Aborted when nobody wants to know any more. */
  readonly signal?: AbortSignal
}

/** What `ask` gives in time; its signal ends what heeds it, and the wait for what does not. */
export async function answered<Result>(
  ask: (signal: AbortSignal) => Promise<Result>,
  { seconds, late, signal: gone }: Question,
): Promise<Result> {
  const ended = new AbortController()
  const leave = () => ended.abort(gone?.reason)
  const timer = setTimeout(() => ended.abort(late()), seconds * 1000)
  timer.unref()
  gone?.addEventListener('abort', leave, { once: true })
  if (gone?.aborted) leave()
  try {
    return await untilAborted(ask(ended.signal), ended.signal)
  } finally {
    clearTimeout(timer)
    gone?.removeEventListener('abort', leave)
  }
}

/** What `work` gives, or why `signal` was aborted, as soon as it is: not every promise heeds the signal it was given. */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  let stop: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    // What was cut off says that it was cancelled: why says more.
    throw signal.aborted ? reasonOf(signal) : error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function reasonOf({ reason }: AbortSignal): TableError {
  if (reason instanceof TableError) return reason
  return new TableError('CANCELLED', 'the request was cancelled', { cause: reason })
}
