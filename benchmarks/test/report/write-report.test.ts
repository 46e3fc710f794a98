import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { priceOf } from '../../src/report/prices.js'
import type { BenchmarkReport, Report } from '../../src/report/report.js'
import { formatBytes, formatMs, median } from '../../src/report/statistics.js'
import { joinReports, writeReport } from '../../src/report/write-report.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

const use = { get: 1000, head: 0, list: 1, put: 0, throttled: 2, bytes: 2048 }
const plan: BenchmarkReport = {
  name: 'plan/delta/1k',
  size: { of: 'files', count: 1000 },
  rounds: [{ loadBefore: 0.5, loadAfter: 1 }],
  samples: {
    peer: [{ ms: [30], peakRssMb: 50, facts: { found: 10 }, store: use }],
    spillway: [
      { ms: [10], peakRssMb: 90, facts: { found: 10 }, store: use },
      { ms: [20], peakRssMb: 80, facts: { found: 10 }, store: use },
    ],
  },
  missing: { other: 'no module\nnamed a|b <c>' },
}

function report(benchmarks: readonly BenchmarkReport[]): Report {
  const machine = { processor: 'P', cores: 2, memoryGib: 24, node: 'v20', system: 'Linux' }
  return { began: '2026-01-01', ended: '2026-01-02', commit: 'abc', machine, benchmarks }
}

it('writes every sample, a table, and charts that the document shows', () => {
  writeReport(join(folder, 'one'), report([plan]))
  expect(JSON.parse(readFileSync(join(folder, 'one/report.json'), 'utf8'))).toEqual(report([plan]))
  const text = readFileSync(join(folder, 'one/report.md'), 'utf8')
  expect(text).toContain(
    '| spillway | 15.0 ms (10.0 ms to 20.0 ms) | 90.0 MiB | 1,001 and 2 refused | 2.00 KiB | 0.41 USD | found 10 | 1.00x |',
  )
  expect(text).toContain('| peer | 30.0 ms (30.0 ms to 30.0 ms) | 50.0 MiB |')
  expect(text).toContain('| 2.00x |')
  expect(text).toContain('| other | missing: named a\\|b &lt;c> |')
  expect(text).toContain('1 rounds, load 0.5 to 1.')
  for (const [, path] of text.matchAll(/!\[.*?\]\((.*?)\)/g)) {
    expect(readFileSync(join(folder, 'one', path!), 'utf8')).toMatch(/^<svg /)
  }
})

it('writes a report of nothing, and of a benchmark that nobody answered', () => {
  writeReport(join(folder, 'empty'), report([]))
  expect(readdirSync(join(folder, 'empty/charts'))).toEqual([])
  writeReport(join(folder, 'silent'), report([{ ...plan, samples: {} }]))
  expect(readFileSync(join(folder, 'silent/report.md'), 'utf8')).toContain('| other | missing:')
})

it('joins reports of one machine and refuses those of two', () => {
  const second = report([
    { ...plan, samples: {} },
    { ...plan, name: 'plan/delta/10k' },
  ])
  writeReport(join(folder, 'two'), { ...second, commit: 'def' })
  const joined = joinReports([join(folder, 'one'), join(folder, 'two')])
  expect(joined.benchmarks).toEqual(second.benchmarks)
  expect(joined.commit).toBe('abc, def')
  const elsewhere = { ...second.machine, cores: 64 }
  writeReport(join(folder, 'elsewhere'), { ...second, machine: elsewhere })
  expect(() => joinReports([join(folder, 'one'), join(folder, 'elsewhere')])).toThrow('one machine')
})

it('prices requests by kind, and not what was refused', () => {
  expect(priceOf(use)).toBeCloseTo(0.0004 + 0.000005, 10)
})

it('takes the middle and writes units', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(median([])).toBeNaN()
  expect([0.0123, 1.5, 250, 2500, 250_000].map(formatMs)).toEqual([
    ...['12 us', '1.50 ms', '250 ms', '2.50 s', '250 s'],
  ])
  expect([0, 1000, 2048, 5e9].map(formatBytes)).toEqual(['0 B', '1000 B', '2.00 KiB', '4.66 GiB'])
})
