import { type Chart, type Family, shortened } from './charts.js'
import { type Measures, measuresOf } from './measures.js'
import { PRICES } from './prices.js'
import type { BenchmarkReport, Report } from './report.js'
import { formatBytes, formatCount, formatMs } from './statistics.js'

/** A family with its charts and where each lies, seen from the document. */
export interface Section extends Family {
  readonly charts: readonly (Chart & { readonly path: string })[]
}

/** The document of a run: machine, what the columns mean, and each question with its charts and a table for each size. */
export function reportMarkdown(report: Report, sections: readonly Section[]): string {
  const { machine, store } = report
  const lines = [
    '# Benchmarks',
    '',
    `Commit ${report.commit}, from ${report.began} to ${report.ended}; ${machine.processor}, ${machine.cores} cores, ` +
      `${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}.`,
    '',
    'Contenders took turns, each in a process of its own. Time is the median of all rounds, least to greatest in brackets; memory the most of a',
    'process; the ratio is the median to ours, above 1 where ours is faster. Prices are the list prices of requests to',
    `S3 Standard in ${PRICES.region} on ${PRICES.day} (${PRICES.perThousandGets} USD for 1,000 GET, ${PRICES.perThousandListsOrPuts} USD for 1,000 LIST or PUT), for`,
    '1,000 questions like this one; bytes within a region cost nothing. A contender that has no numbers says why, and none is estimated.',
    '',
    ...(store === undefined ? [] : [storeLine(store), '']),
  ]
  for (const section of sections) {
    lines.push(`## ${section.name}`, '')
    for (const { title, path } of section.charts) lines.push(`![${cell(title)}](${path})`, '')
    for (const benchmark of section.members) lines.push(...benchmarkLines(benchmark), '')
  }
  return `${lines.join('\n').trimEnd()}\n`
}

function storeLine(store: Readonly<Record<string, number>>): string {
  const told = Object.entries(store).map(([key, value]) => `${key} ${value}`)
  return `The simulated object store was told: ${told.join(', ')}.`
}

function benchmarkLines(benchmark: BenchmarkReport): readonly string[] {
  const measures = measuresOf(benchmark)
  const hasStore = measures.some(({ store }) => store !== undefined)
  const columns = [
    ...['', 'time', 'peak memory'],
    ...(hasStore ? ['requests', 'bytes', 'price of 1,000'] : []),
    ...['found', 'to ours'],
  ]
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const missing = Object.entries(benchmark.missing).map(([name, reason]) =>
    row([cell(name), `missing: ${cell(shortened(reason))}`, ...columns.slice(2).map(() => '')]),
  )
  return [
    `### ${benchmark.name}`,
    '',
    ...(benchmark.note === undefined ? [] : [cell(benchmark.note), '']),
    row(columns),
    `|${'---|'.repeat(columns.length)}`,
    ...measures.map(each => row(cellsOf(each, hasStore))),
    ...missing,
    '',
    `${benchmark.rounds.length} rounds, load ${loadsOf(benchmark)}.`,
  ]
}

function cellsOf({ name, ms, peakRssMb, facts, store, toOurs }: Measures, hasStore: boolean) {
  const requests = (store: NonNullable<Measures['store']>) =>
    store.throttled > 0
      ? `${formatCount(store.requests)} and ${formatCount(store.throttled)} refused`
      : formatCount(store.requests)
  const stored =
    store === undefined
      ? ['', '', '']
      : [requests(store), formatBytes(store.bytes), `${store.pricePerThousand.toPrecision(2)} USD`]
  const found = Object.entries(facts).map(
    ([key, value]) => `${key} ${Number.isInteger(value) ? formatCount(value) : value}`,
  )
  return [
    cell(name),
    `${formatMs(ms.middle)} (${formatMs(ms.low)} to ${formatMs(ms.high)})`,
    formatBytes(peakRssMb * 2 ** 20),
    ...(hasStore ? stored : []),
    cell(found.join(', ')),
    toOurs === undefined ? '' : `${toOurs >= 100 ? Math.round(toOurs) : toOurs.toPrecision(3)}x`,
  ]
}

function loadsOf({ rounds }: BenchmarkReport): string {
  const loads = rounds.flatMap(({ loadBefore, loadAfter }) => [loadBefore, loadAfter])
  return loads.length === 0 ? 'unknown' : `${Math.min(...loads)} to ${Math.max(...loads)}`
}

/** Text of others, as a cell of a table has it: in one line, without what would end the cell or begin a tag. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
