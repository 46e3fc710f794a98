/** Where the rows of each of several batches begin among those of all, and where the last end. */
export function startsOf(batches: readonly { readonly length: number }[]): readonly number[] {
  const starts = [0]
  for (const { length } of batches) starts.push(starts.at(-1)! + length)
  return starts
}

/** Which batch has the row `at` of all. */
export function placeIn(starts: readonly number[], at: number): number {
  let [low, high] = [0, starts.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= at) low = middle
    else high = middle
  }
  return low
}
