/** A logarithmic axis: where a value lies, from 0 to 1, and the values to write beside it. */
export interface Axis {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** The fewest ticks that tell a scale: below, halves of decades are named too. */
const FEWEST = 3

/**
 * An axis over all `values`, with room around them. Values that are zero or less have no logarithm and are refused: what
 * took no time was not measured.
 */
export function logAxis(values: readonly number[]): Axis {
  const wrong = values.find(value => !(value > 0) || !Number.isFinite(value))
  if (wrong !== undefined || values.length === 0) {
    throw new RangeError(
      `expected numbers above zero for a logarithmic axis, found ${wrong ?? 'none'}`,
    )
  }
  const low = Math.min(...values) / 1.3
  const high = Math.max(...values) * 1.3
  const span = Math.log10(high) - Math.log10(low)
  const at = (value: number) => (Math.log10(value) - Math.log10(low)) / span
  const inside = (steps: readonly number[]) => {
    const found: number[] = []
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      found.push(...steps.map(step => Number((step * 10 ** power).toPrecision(12))))
    }
    return found.filter(value => value >= low && value <= high)
  }
  const choices = [[1], [1, 3], [1, 2, 5]].map(inside)
  return { at, ticks: choices.find(ticks => ticks.length >= FEWEST) ?? choices.at(-1)! }
}

/** A round number without the digits that say how exactly it was measured: `10 s`, not `10.0 s`. */
export function tickText(text: string): string {
  return text.replace(/\.0+(?=\D|$)/, '')
}
