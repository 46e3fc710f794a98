import { type Fence, isTableError, type ObjectStore, type WritableStore } from '@spillway/core'
import { comparePaths } from '../objects/byte-order.js'
import { type Semaphore, semaphore, sleep } from './semaphore.js'

export interface LimitOptions {
  /** Requests under way at once. */
  readonly concurrency?: number
  /** Further tries after a retryable failure. */
  readonly retries?: number
  /** The longest first delay; doubles with each try up to `maxDelayMs`. What is waited is random below it. */
  readonly baseDelayMs?: number
  readonly maxDelayMs?: number
  /** In [0, 1), for the delays. */
  readonly random?: () => number
}

/** `store` with bounded concurrency, and retries of what its errors say may pass by itself. */
export function limitStore(store: WritableStore, options?: LimitOptions): WritableStore
export function limitStore(store: ObjectStore, options?: LimitOptions): ObjectStore
export function limitStore(
  store: ObjectStore | WritableStore,
  options: LimitOptions = {},
): ObjectStore | WritableStore {
  const slots = semaphore(options.concurrency ?? 64)
  return limitedStore(store, retrying(options, slots))
}

function limitedStore(
  store: ObjectStore | WritableStore,
  attempt: Attempt,
): ObjectStore | WritableStore {
  const { within, openLocal } = store
  const limited: ObjectStore = {
    budgets: store.budgets,
    get: (path, getOptions) => attempt(() => store.get(path, getOptions), getOptions?.signal),
    head: (path, signal) => attempt(() => store.head(path, signal), signal),
    list: (prefix, { startAfter, signal, onLeftOut } = {}) =>
      resuming({
        start: after => store.list(prefix, { startAfter: after, signal, onLeftOut }),
        pathOf: meta => meta.path,
        startAfter,
        signal,
        attempt,
      }),
    // A listing of folders cannot start half-way, so what was answered already is passed over.
    listPrefixes: (prefix, signal) =>
      resuming({
        start: after => passOver(store.listPrefixes(prefix, signal), after),
        pathOf: folder => folder,
        startAfter: undefined,
        signal,
        attempt,
      }),
    // Both share the slots.
    ...(within && { within: (fence: Fence) => limitedStore(within.call(store, fence), attempt) }),
    ...(openLocal && {
      openLocal: (path: string, signal?: AbortSignal) =>
        attempt(() => openLocal.call(store, path, signal), signal),
    }),
  }
  if (!('put' in store)) return limited
  return {
    ...limited,
    put(path, bytes, putOptions) {
      const put = () => store.put(path, bytes, putOptions)
      // A stream is gone after its first reading.
      const retries = bytes instanceof Uint8Array ? undefined : 0
      return attempt(put, putOptions?.signal, retries)
    },
    delete: (path, signal) => attempt(() => store.delete(path, signal), signal),
  }
}

type Attempt = <T>(
  run: () => Promise<T>,
  signal: AbortSignal | undefined,
  retries?: number,
) => Promise<T>

function retrying(options: LimitOptions, slots: Semaphore): Attempt {
  const { retries = 4, baseDelayMs = 100, maxDelayMs = 5_000, random = Math.random } = options
  return async (run, signal, most = retries) => {
    for (let tries = 0; ; tries++) {
      try {
        return await slots.hold(run, signal)
      } catch (error) {
        if (tries >= most || !mayPass(error)) throw error
        // The slot is free while this one waits.
        await sleep(random() * Math.min(maxDelayMs, baseDelayMs * 2 ** tries), signal)
      }
    }
  }
}

function mayPass(error: unknown): boolean {
  return isTableError(error) && error.retryable
}

interface Resuming<T> {
  readonly start: (after: string | undefined) => AsyncIterable<T>
  readonly pathOf: (item: T) => string
  readonly startAfter: string | undefined
  readonly signal: AbortSignal | undefined
  readonly attempt: Attempt
}

/** Items read while one place is held: a listing must not queue for each of them. */
const RUN_LENGTH = 256

/** A listing that, after a failure, goes on behind the last item that it gave. */
async function* resuming<T>(options: Resuming<T>): AsyncGenerator<T> {
  let { startAfter } = options
  let items: AsyncIterator<T> | undefined
  let ended = false
  const nextRun = async () => {
    const run: T[] = []
    try {
      items ??= options.start(startAfter)[Symbol.asyncIterator]()
      while (!ended && run.length < RUN_LENGTH) {
        const item = await items.next()
        if (item.done === true) ended = true
        else run.push(item.value)
      }
    } catch (error) {
      items = undefined
      // What came before the failure is good; if it lasts, the next run meets it at once.
      if (run.length === 0 || !mayPass(error)) throw error
    }
    return run
  }
  try {
    while (!ended) {
      const run = await options.attempt(nextRun, options.signal)
      if (run.length > 0) startAfter = options.pathOf(run[run.length - 1]!)
      yield* run
    }
  } finally {
    await items?.return?.()
  }
}

async function* passOver(
  folders: AsyncIterable<string>,
  after: string | undefined,
): AsyncGenerator<string> {
  for await (const folder of folders) {
    if (after === undefined || comparePaths(folder, after) > 0) yield folder
  }
}
