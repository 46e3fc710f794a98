import type { SendRequest } from '../http/http.js'
import { type Deadline, startDeadline } from '../http/watch.js'
import type { ClientCapabilities } from './check-answer.js'
import type { PollOptions } from './poll.js'

/** What every call of one client shares. */
export interface Connection {
  readonly send: SendRequest
  readonly capabilities: ClientCapabilities
  readonly poll: PollOptions
  /** For each call; see `Timeouts`. */
  readonly totalMs: number | undefined
}

type Signal = AbortSignal | undefined

/** A call that ends with its answer. */
export async function untilDone<T>(
  { totalMs }: Connection,
  signal: Signal,
  call: (signal: Signal) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(totalMs, signal)
  try {
    return await call(deadline.signal)
  } finally {
    deadline.done()
  }
}

/** A list whose time runs from its first page to its last. */
export async function* untilRead<Item>(
  { totalMs }: Connection,
  signal: Signal,
  list: (signal: Signal) => AsyncIterable<Item>,
): AsyncGenerator<Item> {
  const deadline = startDeadline(totalMs, signal)
  try {
    yield* list(deadline.signal)
  } finally {
    deadline.done()
  }
}

/** A call whose answer goes on: its time ends with it, or here where there is none. */
export async function untilClosed<T>(
  { totalMs }: Connection,
  signal: Signal,
  open: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(totalMs, signal)
  try {
    return await open(deadline)
  } catch (error) {
    deadline.done()
    throw error
  }
}
