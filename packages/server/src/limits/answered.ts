import { type Question, reasonOf, Waits } from '@spillway/engine'

/** What `ask` gives in time; its signal ends what heeds it, and the wait for what does not. */
export async function answered<Result>(
  ask: (signal: AbortSignal) => Promise<Result>,
  question: Question,
): Promise<Result> {
  const waits = new Waits(question)
  try {
    return await waits.for(ask)
  } finally {
    waits.end()
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
