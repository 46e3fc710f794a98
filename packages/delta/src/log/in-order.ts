/** Results in the order of `items`, with at most `limit` of them under way. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = []
  let next = 0
  while (running.length > 0 || next < items.length) {
    while (running.length < limit && next < items.length) {
      const result = work(items[next++]!)
      // A failure is somebody's when its turn comes; until then, or if nobody waits any more, it must not be fatal.
      result.catch(() => undefined)
      running.push(result)
    }
    yield await running.shift()!
  }
}
