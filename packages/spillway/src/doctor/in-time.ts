import { TableError, untilAborted } from '@spillway/core'

export interface InTimeOptions {
  readonly signal: AbortSignal
  /** How long all of it may take. Two minutes by default. */
  readonly seconds?: number | undefined
  /** What may be done about it, behind the error. */
  readonly hint?: string
}

/** Enough for a large table behind a slow store; one that says nothing for as long is not there. */
const SECONDS = 120

/** Ends what waits for a store that takes connections and never answers, also where nothing listens to its signal. */
export async function inTime<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  { signal: given, seconds = SECONDS, hint = '' }: InTimeOptions,
): Promise<Result> {
  const ending = AbortSignal.timeout(seconds * 1000)
  const signal = AbortSignal.any([given, ending])
  try {
    return await untilAborted(work(signal), signal)
  } catch (error) {
    if (given.aborted || !ending.aborted) throw error
    const message = `not done within ${seconds} s: its store does not answer, or the table is large${hint}`
    throw new TableError('STORAGE_UNAVAILABLE', message, { cause: error })
  }
}
