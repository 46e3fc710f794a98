import { TableError, throwIfCancelled } from '@spillway/core'

export interface Semaphore {
  hold<T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>
}

/** A number of places. First come, first served. Somebody cancelled while waiting leaves the queue. */
export function semaphore(places: number): Semaphore {
  if (!Number.isInteger(places) || places < 1) {
    throw new TableError('INVALID_REQUEST', `a concurrency of at least 1, not ${places}`)
  }
  let free = places
  const waiting = new Set<() => void>()
  const enter = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      const admit = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.delete(admit)
        reject(new TableError('CANCELLED', 'the request was cancelled', { cause: signal?.reason }))
      }
      waiting.add(admit)
      signal?.addEventListener('abort', leave, { once: true })
    })
  const release = () => {
    const [next] = waiting
    if (next === undefined) {
      free++
      return
    }
    // The place goes straight to the next in line.
    waiting.delete(next)
    next()
  }
  return {
    async hold(run, signal) {
      throwIfCancelled(signal)
      if (free > 0) free--
      else await enter(signal)
      try {
        return await run()
      } finally {
        release()
      }
    },
  }
}

/** Ends early, with CANCELLED, when `signal` is aborted. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal)
  return new Promise((resolve, reject) => {
    const wake = () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    const stop = () => {
      clearTimeout(timer)
      reject(new TableError('CANCELLED', 'the request was cancelled', { cause: signal?.reason }))
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}
