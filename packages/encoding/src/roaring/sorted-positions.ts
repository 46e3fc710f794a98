import { grown, type Steps, TableError } from '@spillway/core'

/** What is sorted, merged or looked at at once: about a millisecond. */
const POSITIONS_IN_A_STEP = 16_384

/** `positions` ascending, each once; they may come in any order and repeat. Those that already are so are not copied. */
export function* sortedPositions(positions: Iterable<number | bigint>): Steps<Float64Array> {
  const given = positions instanceof Float64Array ? positions : yield* gathered(positions)
  if (yield* ascend(given)) return given
  return yield* distinct(yield* merged(yield* sortedRuns(given)))
}

function* gathered(positions: Iterable<number | bigint>): Steps<Float64Array> {
  let values = new Float64Array(64)
  let count = 0
  for (const position of positions) {
    if (count === values.length) values = grown(values, count + 1)
    values[count++] = Number(position)
    if (count % POSITIONS_IN_A_STEP === 0) yield
  }
  return values.subarray(0, count)
}

/** True where each is greater than the one before. All of them are looked at, so that what is no position is refused. */
function* ascend(values: Float64Array): Steps<boolean> {
  let found = true
  let last = -1
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!(value >= 0 && Number.isSafeInteger(value))) {
      throw new TableError('TABLE_CORRUPT', `a delete names row ${value}, which is no position`)
    }
    if (value <= last) found = false
    last = value
    if ((i + 1) % POSITIONS_IN_A_STEP === 0) yield
  }
  return found
}

function* sortedRuns(values: Float64Array): Steps<Float64Array> {
  const runs = values.slice()
  for (let start = 0; start < runs.length; start += POSITIONS_IN_A_STEP) {
    runs.subarray(start, start + POSITIONS_IN_A_STEP).sort()
    yield
  }
  return runs
}

/** Sorted runs of `POSITIONS_IN_A_STEP`, merged two and two until there is one. */
function* merged(runs: Float64Array): Steps<Float64Array> {
  let from: Float64Array = runs
  let into: Float64Array = new Float64Array(runs.length)
  for (let width = POSITIONS_IN_A_STEP; width < runs.length; width *= 2) {
    for (let start = 0; start < runs.length; start += 2 * width) {
      const middle = Math.min(start + width, runs.length)
      const end = Math.min(middle + width, runs.length)
      let [left, right] = [start, middle]
      for (let to = start; to < end; to++) {
        const isLeft = right === end || (left < middle && from[left]! <= from[right]!)
        into[to] = isLeft ? from[left++]! : from[right++]!
        if (to % POSITIONS_IN_A_STEP === 0) yield
      }
    }
    ;[from, into] = [into, from]
  }
  return from
}

function* distinct(sorted: Float64Array): Steps<Float64Array> {
  let count = 0
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[count - 1]) sorted[count++] = sorted[i]!
    if (i % POSITIONS_IN_A_STEP === 0) yield
  }
  return sorted.subarray(0, count)
}
