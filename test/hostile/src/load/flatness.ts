/** One look at the server's memory, after garbage was collected where that was asked for. */
export interface MemorySample {
  /** Since the run began. */
  readonly seconds: number
  readonly rss: number
  readonly heap: number
}

export interface Flatness {
  /** Of the last 60 % of the samples, by least squares. */
  readonly megabytesPerMinute: number
  /** The end beside the level at 40 % of the run, each the median of a few samples. */
  readonly growth: number
}

const WARM_UP = 0.4
const MEDIAN_OF = 5

/** How far one measure of memory is from level once the server is warm. */
export function flatnessOf(
  samples: readonly MemorySample[],
  of: (sample: MemorySample) => number,
): Flatness {
  const late = samples.slice(Math.floor(samples.length * WARM_UP))
  if (late.length < 2) return { megabytesPerMinute: 0, growth: 1 }
  const values = late.map(of)
  return {
    megabytesPerMinute:
      (slope(
        late.map(({ seconds }) => seconds),
        values,
      ) *
        60) /
      2 ** 20,
    growth: median(values.slice(-MEDIAN_OF)) / median(values.slice(0, MEDIAN_OF)),
  }
}

function slope(x: readonly number[], y: readonly number[]): number {
  const mean = (all: readonly number[]) => all.reduce((sum, value) => sum + value, 0) / all.length
  const middle = { x: mean(x), y: mean(y) }
  let above = 0
  let below = 0
  for (const [i, value] of x.entries()) {
    above += (value - middle.x) * (y[i]! - middle.y)
    below += (value - middle.x) ** 2
  }
  return below === 0 ? 0 : above / below
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}

/** `name 512 MB, +0.4 MB a minute, x1.01`. */
export function flatnessLine(
  name: string,
  samples: readonly MemorySample[],
  of: (sample: MemorySample) => number,
): string {
  const { megabytesPerMinute, growth } = flatnessOf(samples, of)
  const last = Math.round(of(samples.at(-1)!) / 2 ** 20)
  const sign = megabytesPerMinute < 0 ? '' : '+'
  return `${name} ${last} MB, ${sign}${megabytesPerMinute.toFixed(1)} MB a minute, x${growth.toFixed(2)}`
}
