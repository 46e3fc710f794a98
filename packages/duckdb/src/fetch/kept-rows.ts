/** A run of rows of the original file that its local copy still has. */
export interface RowRun {
  readonly start: number
  readonly count: number
}

/** Positions in the copy, of those positions of the original, in blocks, that the copy has. */
export function* positionsIn(
  runs: readonly RowRun[],
  blocks: Iterable<Float64Array>,
): Generator<Float64Array> {
  let before = 0
  let at = 0
  for (const block of blocks) {
    const found = new Float64Array(block.length)
    let count = 0
    for (const original of block) {
      while (at < runs.length && original >= runs[at]!.start + runs[at]!.count) {
        before += runs[at]!.count
        at++
      }
      const run = runs[at]
      if (run === undefined) break
      if (original >= run.start) found[count++] = before + original - run.start
    }
    yield found.subarray(0, count)
    if (at === runs.length) return
  }
}
