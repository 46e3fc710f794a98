import { growthChart, type Series } from './growth-chart.js'
import { type Measures, measuresOf } from './measures.js'
import { type BenchmarkReport, OURS } from './report.js'
import { spreadChart } from './spread-chart.js'
import { formatBytes, formatCount, formatMs } from './statistics.js'

export interface Chart {
  /** The file's name without its ending. */
  readonly name: string
  readonly title: string
  readonly svg: string
}

/** A question over a table of one kind, in every size that was measured. */
export interface Family {
  readonly name: string
  readonly members: readonly BenchmarkReport[]
}

/** In the order of their first members. */
export function familiesOf(benchmarks: readonly BenchmarkReport[]): readonly Family[] {
  const found = new Map<string, BenchmarkReport[]>()
  for (const each of benchmarks) {
    const name = each.size === undefined ? each.name : each.name.split('/').slice(0, -1).join('/')
    found.set(name, [...(found.get(name) ?? []), each])
  }
  return [...found].map(([name, members]) => ({ name, members }))
}

interface Quantity {
  readonly name: string
  readonly label: string
  readonly format: (value: number) => string
  readonly of: (measures: Measures) => number | undefined
}

const QUANTITIES: readonly Quantity[] = [
  { name: 'time', label: 'time, median', format: formatMs, of: ({ ms }) => ms.middle },
  {
    name: 'memory',
    label: 'peak memory of the process',
    format: mb => formatBytes(mb * 2 ** 20),
    of: ({ peakRssMb }) => peakRssMb,
  },
  {
    name: 'requests',
    label: 'requests to the store',
    format: formatCount,
    of: ({ store }) => store?.requests,
  },
  {
    name: 'bytes',
    label: 'bytes from the store',
    // In MiB, so that the ticks are round ones.
    format: mib => formatBytes(mib * 2 ** 20),
    of: ({ store }) => store && store.bytes / 2 ** 20,
  },
]

/** Growth over the sizes where there are several, else how contenders spread; each quantity that was measured. */
export function chartsOf(family: Family): readonly Chart[] {
  const sizes = new Set(family.members.map(({ size }) => size?.count))
  const first = family.members[0]
  if (first === undefined) return []
  if (sizes.size < 2) return [spreadOf(family.name, first)]
  return QUANTITIES.flatMap(quantity => {
    const series = seriesOf(family.members, quantity)
    if (series.length === 0) return []
    const title = `${family.name}: ${quantity.name}`
    const across = { label: first.size?.of ?? '', format: formatCount }
    const svg = growthChart({ title, across, up: quantity, series })
    return [{ name: fileName(`${family.name}-${quantity.name}`), title, svg }]
  })
}

function seriesOf(members: readonly BenchmarkReport[], { of }: Quantity): readonly Series[] {
  const series = new Map<string, { x: number; y: number }[]>()
  for (const member of members) {
    for (const measures of measuresOf(member)) {
      const y = of(measures)
      if (y === undefined || !(y > 0) || member.size === undefined) continue
      const point = { x: member.size.count, y }
      series.set(measures.name, [...(series.get(measures.name) ?? []), point])
    }
  }
  return [...series]
    .sort(([a], [b]) => Number(b === OURS) - Number(a === OURS))
    .map(([name, points]) => ({ name, points }))
}

function spreadOf(name: string, benchmark: BenchmarkReport): Chart {
  const title = `${benchmark.name}: time`
  const rows = measuresOf(benchmark).map(({ name, ms }) => ({ name, ...ms }))
  const missing = Object.entries(benchmark.missing).map(
    ([contender, reason]) => `${contender}: missing (${shortened(reason)})`,
  )
  const across = { label: 'time: median, least and greatest', format: formatMs }
  const svg = spreadChart({ title, across, rows: rows.filter(({ low }) => low > 0), missing })
  return { name: fileName(`${name}-time`), title, svg }
}

/** What fits into a line: the last one of an error, which names its kind. */
export function shortened(reason: string): string {
  const last = reason.trim().split('\n').at(-1)?.trim() ?? ''
  return last.length > 90 ? `${last.slice(0, 89)}…` : last
}

function fileName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9]+/g, '-').toLowerCase()
}
