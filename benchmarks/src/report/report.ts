import type { StoreUse } from './prices.js'

/** What one process measured. Times are milliseconds of the measured part alone, start-up of the process excluded. */
export interface Sample {
  readonly ms: readonly number[]
  readonly peakRssMb: number
  /** Counts that contenders must agree on (files kept), and sizes worth quoting. */
  readonly facts: Readonly<Record<string, number>>
  /** Of questions through the simulated store alone. */
  readonly store?: StoreUse
}

/** One turn of all contenders: the load averages of one minute, before it and behind it. */
export interface Round {
  readonly loadBefore: number
  readonly loadAfter: number
}

export interface BenchmarkReport {
  /** `{question}/{format}/{...}/{size}`. */
  readonly name: string
  /** What the sizes of this question are counted in, and how many this one has; absent where there is one size. */
  readonly size?: { readonly of: string; readonly count: number }
  /** Whether every contender does the same; else what the difference is. */
  readonly note?: string
  readonly rounds: readonly Round[]
  readonly samples: Readonly<Record<string, readonly Sample[]>>
  /** Why a contender has no sample, by its name. */
  readonly missing: Readonly<Record<string, string>>
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGib: number
  readonly node: string
  readonly system: string
}

export interface Report {
  readonly began: string
  readonly ended: string
  /** Of the sources, with `+` behind it where files were changed since. */
  readonly commit: string
  readonly machine: Machine
  /** What the simulated store was told, where it was asked. */
  readonly store?: Readonly<Record<string, number>>
  readonly benchmarks: readonly BenchmarkReport[]
}

export const OURS = 'spillway'
