import { priceOf, type StoreUse } from './prices.js'
import { type BenchmarkReport, OURS, type Sample } from './report.js'
import { median } from './statistics.js'

/** A contender's samples of one benchmark, in the numbers that a reader compares. */
export interface Measures {
  readonly name: string
  readonly ms: { readonly low: number; readonly middle: number; readonly high: number }
  /** The most of all rounds. */
  readonly peakRssMb: number
  /** Medians of the rounds, of each fact that every round has. */
  readonly facts: Readonly<Record<string, number>>
  readonly store?: {
    readonly requests: number
    readonly bytes: number
    readonly throttled: number
    /** US dollars for a thousand questions. */
    readonly pricePerThousand: number
  }
  /** This median to ours; absent where one of both is. */
  readonly toOurs?: number
}

/** Of all contenders that have a sample, ours first. */
export function measuresOf({ samples }: BenchmarkReport): readonly Measures[] {
  const names = Object.keys(samples).filter(name => (samples[name]?.length ?? 0) > 0)
  const ours = median(timesOf(samples[OURS] ?? []))
  return names
    .sort((a, b) => Number(b === OURS) - Number(a === OURS))
    .map(name => {
      const measures = measuresOfOne(name, samples[name]!)
      const toOurs = measures.ms.middle / ours
      return Number.isFinite(toOurs) ? { ...measures, toOurs } : measures
    })
}

function measuresOfOne(name: string, samples: readonly Sample[]): Measures {
  const times = timesOf(samples)
  const uses = samples.flatMap(({ store }) => (store === undefined ? [] : [store]))
  const keys = Object.keys(samples[0]?.facts ?? {})
  const factsOf = (key: string) => median(samples.map(({ facts }) => facts[key] ?? Number.NaN))
  return {
    name,
    ms: { low: Math.min(...times), middle: median(times), high: Math.max(...times) },
    peakRssMb: Math.max(...samples.map(({ peakRssMb }) => peakRssMb)),
    facts: Object.fromEntries(keys.map(key => [key, factsOf(key)])),
    ...(uses.length > 0 && { store: storeMeasures(uses) }),
  }
}

function storeMeasures(uses: readonly StoreUse[]) {
  const of = (value: (use: StoreUse) => number) => median(uses.map(value))
  return {
    requests: of(({ get, head, list, put }) => get + head + list + put),
    bytes: of(({ bytes }) => bytes),
    throttled: of(({ throttled }) => throttled),
    pricePerThousand: of(use => priceOf(use) * 1000),
  }
}

function timesOf(samples: readonly Sample[]): readonly number[] {
  return samples.flatMap(({ ms }) => ms)
}
