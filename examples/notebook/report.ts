import type { AttachedShare, ScanExplanation } from '@spillway/duckdb'
import { barChart, escaped, lineChart } from './charts.js'

/** One step of the notebook: what is asked and why, in SQL whose first column names and whose second counts. */
export interface Cell {
  readonly title: string
  readonly text: string
  readonly sql: string
  readonly unit: string
  readonly chart: 'bars' | 'line'
}

export interface Answer {
  readonly cell: Cell
  readonly labels: readonly string[]
  readonly values: readonly number[]
  /** What it took: which files and columns of which table. */
  readonly cost: readonly string[]
}

/** Runs one cell to its end; rows arrive in blocks. */
export async function runCell(share: AttachedShare, cell: Cell): Promise<Answer> {
  const result = await share.query(cell.sql)
  const labels: string[] = []
  const values: number[] = []
  for await (const block of result.rawRows()) {
    for (const [label, value] of block) {
      labels.push(String(label))
      values.push(Number(value))
    }
  }
  const { scans } = result.explanation
  // Fetched by the query as a whole: its tables share the connection.
  const fetched = `${Math.max(0, ...scans.map(scan => scan.fetchedBytes())).toLocaleString('en-US')} bytes fetched`
  return { cell, labels, values, cost: [...scans.map(costText), fetched] }
}

function costText({ table, files, columns }: ScanExplanation): string {
  const known = files.total ?? files.answered
  return `${table}: ${files.kept} of ${known} files, ${columns.read.length} of ${columns.all.length} columns`
}

/** The whole report as one HTML page that needs nothing else. */
export function reportPage(title: string, answers: readonly Answer[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(title)}</h1>
${answers.map(section).join('\n')}
</body></html>
`
}

function section({ cell, labels, values, cost }: Answer): string {
  const series = { labels, values, unit: cell.unit }
  const chart = cell.chart === 'bars' ? barChart(series) : lineChart(series)
  const lines = cost.map(line => `<li>${escaped(line)}</li>`).join('')
  return `<section><h2>${escaped(cell.title)}</h2><p>${escaped(cell.text)}</p>
<pre>${escaped(cell.sql)}</pre><figure>${chart}<figcaption>${escaped(cell.unit)}</figcaption></figure>
<ul>${lines}</ul></section>`
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.55 system-ui, 'DejaVu Sans', sans-serif }
body { max-width: 820px; margin: 40px auto; padding: 0 20px }
h1 { font-size: 28px } h2 { margin: 44px 0 0; font-size: 20px } p { margin: 6px 0 }
pre { padding: 12px 14px; border-radius: 8px; background: light-dark(#f2f5f7, #182028); font-size: 13px; overflow: auto }
figure { margin: 14px 0 } figcaption, ul { color: light-dark(#5d6c78, #93a3b0); font-size: 13px }
ul { padding-left: 18px } svg { width: 100% } svg text { font-size: 11px; fill: light-dark(#5d6c78, #93a3b0) }
.grid { stroke: light-dark(#dfe5ea, #2b3640) } .bar { fill: light-dark(#0b7285, #3bc9db) }
.line { fill: none; stroke: light-dark(#0b7285, #3bc9db); stroke-width: 2.5 }`
