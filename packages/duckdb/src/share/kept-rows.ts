/** A run of rows of the original file that its local copy still has. */
export interface RowRun {
  readonly start: number
  readonly count: number
}

/** Positions in the copy, of those positions of the original that the copy has. */
export function* positionsIn(
  runs: readonly RowRun[],
  positions: Iterable<number | bigint>,
): Generator<bigint> {
  let before = 0
  let at = 0
  for (const position of positions) {
    const original = Number(position)
    while (at < runs.length && original >= runs[at]!.start + runs[at]!.count) {
      before += runs[at]!.count
      at++
    }
    const run = runs[at]
    if (run === undefined) return
    if (original >= run.start) yield BigInt(before + original - run.start)
  }
}
