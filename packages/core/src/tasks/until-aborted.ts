import { TableError } from '../errors/errors.js'

/**
 * What `work` gives, or `reasonOf(signal)` as soon as the signal is aborted: not every promise heeds the signal it was given, and
 * some work is shared and goes on for others. By default the reason is `CANCELLED`.
 */
export function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  reasonOf: (signal: AbortSignal) => unknown = cancelled,
): Promise<Result> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = () => reject(reasonOf(signal))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function cancelled({ reason }: AbortSignal): TableError {
  return new TableError('CANCELLED', 'the request was cancelled', { cause: reason })
}
