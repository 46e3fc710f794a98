import type { Sample } from './run.js'

export interface Result {
  readonly name: string
  readonly samples: ReadonlyMap<string, readonly Sample[]>
  readonly missing: ReadonlyMap<string, string>
}

/** One line a contender: median, spread, peak memory, what it counted, and how many times our median it took. */
export function printSummary({ name, samples, missing }: Result): void {
  console.log(`\n${name}`)
  const own = median(timesOf(samples.get('spillway') ?? []))
  for (const [contender, runs] of samples) {
    const times = timesOf(runs)
    const middle = median(times)
    const ratio = contender === 'spillway' ? '' : `  ${(middle / own).toFixed(2)}x ours`
    const facts = Object.entries(runs[0]?.facts ?? {}).map(([fact, value]) => `${fact} ${value}`)
    const memory = `${Math.round(Math.max(...runs.map(run => run.peakRssMb)))} MB`
    console.log(
      `  ${contender.padEnd(14)} ${formatMs(middle).padStart(10)}  (${formatMs(Math.min(...times))} to ${formatMs(Math.max(...times))})  ${memory.padStart(8)}  ${facts.join(', ')}${ratio}`,
    )
  }
  for (const [contender, reason] of missing) console.log(`  ${contender.padEnd(14)} ${reason}`)
}

function timesOf(samples: readonly Sample[]): readonly number[] {
  return samples.flatMap(sample => sample.ms)
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function formatMs(ms: number): string {
  return ms >= 100
    ? `${ms.toFixed(0)} ms`
    : ms >= 1
      ? `${ms.toFixed(1)} ms`
      : `${(ms * 1000).toFixed(0)} us`
}
