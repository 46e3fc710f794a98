import { describe, expect, it } from 'vitest'
import { chartsOf, familiesOf, shortened } from '../../src/report/charts.js'
import type { BenchmarkReport } from '../../src/report/report.js'
import { spreadChart } from '../../src/report/spread-chart.js'
import { formatMs } from '../../src/report/statistics.js'
import { element, escapeXml } from '../../src/report/svg.js'

function benchmark(name: string, count: number, ms: Record<string, number[]>): BenchmarkReport {
  const samples = Object.entries(ms).map(([contender, each]) => [
    contender,
    [{ ms: each, peakRssMb: 100, facts: { found: 1 } }],
  ])
  const size = { of: 'files', count }
  return { name, size, rounds: [], samples: Object.fromEntries(samples), missing: {} }
}

describe('SVG', () => {
  it('escapes what would be markup, and leaves out what XML cannot hold', () => {
    expect(escapeXml(`<a b="c" d='e'>&\u0000\u001b`)).toBe(
      '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;',
    )
  })

  it('refuses a number that no viewer draws', () => {
    expect(() => element('circle', { cx: Number.NaN })).toThrow('expected a finite number for cx')
  })
})

describe('charts', () => {
  it('draws growth of each quantity where a question has several sizes', () => {
    const [family] = familiesOf([
      benchmark('plan/delta/1k', 1000, { spillway: [1, 2, 3], 'a <peer>': [4] }),
      benchmark('plan/delta/10k', 10_000, { spillway: [10], 'a <peer>': [40] }),
    ])
    const charts = chartsOf(family!)
    expect(charts.map(({ name }) => name)).toEqual(['plan-delta-time', 'plan-delta-memory'])
    expect(charts[0]!.svg).toContain('a &lt;peer&gt;')
    expect(charts[0]!.svg).toContain('>10,000<')
    expect(charts[0]!.svg.match(/<circle/g)).toHaveLength(4)
  })

  it('draws growth of a contender that only one size has as one dot', () => {
    const [family] = familiesOf([
      benchmark('plan/delta/1k', 1000, { spillway: [1], peer: [4] }),
      benchmark('plan/delta/10k', 10_000, { spillway: [10] }),
    ])
    expect(chartsOf(family!)[0]!.svg.match(/<circle/g)).toHaveLength(3)
  })

  it('draws the spread of one size, of one sample too', () => {
    const [family] = familiesOf([benchmark('plan/delta/1k', 1000, { spillway: [2] })])
    const [chart, ...others] = chartsOf(family!)
    expect(others).toEqual([])
    expect(chart!.svg).toContain('>2.00 ms<')
    expect(chart!.svg.match(/<circle/g)).toHaveLength(1)
  })

  it('says that nothing was measured, and who is missing', () => {
    const across = { label: 'time', format: formatMs }
    const svg = spreadChart({ title: 't', across, rows: [], missing: ['peer: missing (a & b)'] })
    expect(svg).toContain('nothing was measured')
    expect(svg).toContain('peer: missing (a &amp; b)')
  })

  it('names the last line of an error', () => {
    expect(shortened('Traceback\n  ModuleNotFoundError: hudi \n')).toBe('ModuleNotFoundError: hudi')
    expect(shortened('x'.repeat(200))).toHaveLength(90)
  })
})
