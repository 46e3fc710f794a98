import { throwIfCancelled, untilAborted } from '@spillway/core'

/** One load that several callers wait for. It is cancelled when its last waiter has gone, not when its first has. */
export interface SharedLoad<T> {
  wait(signal?: AbortSignal): Promise<T>
}

function sharedLoad<T>(load: (signal: AbortSignal) => Promise<T>): SharedLoad<T> {
  const controller = new AbortController()
  const result = load(controller.signal)
  // Every waiter may have gone by the time it fails: the failure is then nobody's.
  result.catch(() => undefined)
  let waiting = 0
  let settled = false
  const settle = () => {
    settled = true
  }
  result.then(settle, settle)

  return {
    async wait(signal) {
      throwIfCancelled(signal)
      waiting++
      try {
        return await untilAborted(result, signal)
      } finally {
        waiting--
        if (waiting === 0 && !settled) controller.abort(signal?.reason)
      }
    },
  }
}

/** Loads under way, by key: concurrent callers of one key share one. */
export class SingleFlight<T> {
  readonly #loads = new Map<string, SharedLoad<T>>()

  run(key: string, load: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const current = this.#loads.get(key)
    if (current !== undefined) return current.wait(signal)
    const shared: SharedLoad<T> = sharedLoad(async cancelled => {
      // Forgotten as soon as it is cancelled, so that the next caller does not wait for a load that is ending.
      cancelled.addEventListener('abort', () => this.#forget(key, shared), { once: true })
      try {
        return await load(cancelled)
      } finally {
        this.#forget(key, shared)
      }
    })
    this.#loads.set(key, shared)
    return shared.wait(signal)
  }

  #forget(key: string, shared: SharedLoad<T>): void {
    if (this.#loads.get(key) === shared) this.#loads.delete(key)
  }
}
