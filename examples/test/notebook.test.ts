import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { barChart } from '../notebook/charts.js'
import { writeCityReport } from '../notebook/city-report.js'
import { type SampleShare, startSampleShare } from './sample-share.js'

let share: SampleShare
beforeAll(async () => {
  share = await startSampleShare()
})
afterAll(() => share.close())

it('answers every cell through the share, from the files that may match alone', async () => {
  const path = join(share.folder, 'report.html')
  const [perDay, weekend, warmth] = await writeCityReport(share.profilePath, path)
  expect(perDay!.labels).toHaveLength(14)
  // Twenty rows of the seventh day are deleted.
  expect(perDay!.values).toEqual([...Array(6).fill(3000), 2980, ...Array(7).fill(3000)])
  expect(perDay!.cost).toEqual([
    expect.stringMatching(/trips: 28 of 28 files, \d of 6 columns/),
    expect.stringMatching(/^[\d,]+ bytes fetched$/),
  ])
  expect(weekend!.labels).toHaveLength(6)
  expect(weekend!.cost.join('\n')).toMatch(/city.public.trips: 4 of 28 files/)
  expect(warmth!.values.every(value => value > 0 && value < 20)).toBe(true)
  const page = readFileSync(path, 'utf8')
  expect(page.match(/<svg/g)).toHaveLength(3)
  expect(page.match(/class="bar"/g)).toHaveLength(20)
})

it('writes what a table holds as text, never as markup', () => {
  const series = { labels: ['<script>"&'], values: [1], unit: 'x' }
  expect(barChart(series)).not.toContain('<script>')
})
