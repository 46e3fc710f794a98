import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartsOf, familiesOf } from './charts.js'
import { reportMarkdown } from './markdown.js'
import type { Report } from './report.js'

/** Writes `report.json`, `report.md` and `charts/*.svg` into `folder`, which is made where it is missing. */
export function writeReport(folder: string, report: Report): void {
  mkdirSync(join(folder, 'charts'), { recursive: true })
  const sections = familiesOf(report.benchmarks).map(family => ({
    ...family,
    charts: chartsOf(family).map(chart => ({ ...chart, path: `charts/${chart.name}.svg` })),
  }))
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`)
  writeFileSync(join(folder, 'report.md'), reportMarkdown(report, sections))
  for (const { charts } of sections) {
    for (const { path, svg } of charts) writeFileSync(join(folder, path), svg)
  }
}

/**
 * The `report.json` of each folder, as one report: of a benchmark that several have, the last one's. They must be of one
 * machine, since times of two are not to be compared; the commits are all named.
 */
export function joinReports(folders: readonly string[]): Report {
  const reports = folders.map(
    folder => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report,
  )
  const [first] = reports
  if (first === undefined) throw new Error('expected at least one folder with a report.json')
  const machines = new Set(reports.map(({ machine }) => JSON.stringify(machine)))
  if (machines.size > 1) {
    throw new Error(`expected reports of one machine, found ${[...machines].join(' and ')}`)
  }
  const benchmarks = new Map(reports.flatMap(each => each.benchmarks.map(one => [one.name, one])))
  const store = reports.findLast(each => each.store !== undefined)?.store
  return {
    ...first,
    began: reports.map(({ began }) => began).sort()[0]!,
    ended: reports
      .map(({ ended }) => ended)
      .sort()
      .at(-1)!,
    commit: [...new Set(reports.map(({ commit }) => commit))].join(', '),
    ...(store !== undefined && { store }),
    benchmarks: [...benchmarks.values()],
  }
}
