/** Results in the order of `items`, with at most `limit` of them under way. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = []
  let next = 0
  try {
    while (running.length > 0 || next < items.length) {
      while (running.length < limit && next < items.length) running.push(work(items[next++]!))
      yield await running.shift()!
    }
  } finally {
    // Whoever stops early does not wait for the rest, and its failures are nobody's.
    for (const rest of running) rest.catch(() => undefined)
  }
}

export async function allOf<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of inOrder(items, limit, work)) results.push(result)
  return results
}
