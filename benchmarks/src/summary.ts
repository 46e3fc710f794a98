import { measuresOf } from './report/measures.js'
import type { BenchmarkReport } from './report/report.js'
import { formatBytes, formatCount, formatMs } from './report/statistics.js'

/** One line a contender: median, spread, peak memory, what it counted, and how many times our median it took. */
export function printSummary(benchmark: BenchmarkReport): void {
  console.log(`\n${benchmark.name}`)
  for (const { name, ms, peakRssMb, facts, store, toOurs } of measuresOf(benchmark)) {
    const found = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`)
    const asked = store && `${formatCount(store.requests)} requests, ${formatBytes(store.bytes)}`
    const ratio =
      toOurs === undefined || name === 'spillway' ? undefined : `${toOurs.toFixed(2)}x ours`
    const parts = [
      `(${formatMs(ms.low)} to ${formatMs(ms.high)})`,
      `${Math.round(peakRssMb)} MB`.padStart(8),
      found.join(', '),
      asked,
      ratio,
    ]
    const told = parts.filter(part => part !== undefined && part !== '')
    console.log(`  ${name.padEnd(14)} ${formatMs(ms.middle).padStart(10)}  ${told.join('  ')}`)
  }
  for (const [name, reason] of Object.entries(benchmark.missing)) {
    console.log(`  ${name.padEnd(14)} missing: ${reason}`)
  }
}
