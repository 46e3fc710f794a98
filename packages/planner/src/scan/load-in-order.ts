import { TableError, throwIfCancelled } from '@spillway/core'

/**
 * Results of `load` for each item, in the items' order, with at most `concurrency` under way. Ending early, or a
 * failure, aborts what is under way.
 */
export async function* loadInOrder<Item, Result>(
  items: Iterable<Item>,
  load: (item: Item, signal: AbortSignal) => Promise<Result>,
  options: { readonly concurrency: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Result> {
  const { concurrency, signal } = options
  if (!(concurrency >= 1)) {
    throw new TableError('INVALID_REQUEST', `concurrency must be at least 1, found ${concurrency}`)
  }
  throwIfCancelled(signal)
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  const source = items[Symbol.iterator]()
  const underWay: Promise<Result>[] = []
  const start = () => {
    const next = source.next()
    if (next.done) return
    const result = load(next.value, controller.signal)
    // A failure is seen when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined)
    underWay.push(result)
  }
  try {
    for (let i = 0; i < concurrency; i++) start()
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) {
      const result = await next
      throwIfCancelled(signal)
      start()
      yield result
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    if (underWay.length > 0) controller.abort()
  }
}
