#!/usr/bin/env node
// The last run of `npm test` or `npm run test:long` by cost: seconds of each file, and of its slowest test.
//   npm run test:costs [-- ROWS]
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

const [report, rows = '40'] = process.argv.slice(2)
if (!existsSync(report)) {
  console.error('no run has been recorded: npm test, or npm run test:long')
  process.exit(2)
}
const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
const seconds = ms => (ms / 1000).toFixed(1).padStart(7)
const files = testResults
  .map(({ name, startTime, endTime, assertionResults }) => ({
    name: relative(process.cwd(), name),
    ms: endTime - startTime,
    tests: assertionResults.filter(({ status }) => status !== 'skipped').length,
    slowest: assertionResults.reduce(
      (most, each) => ((each.duration ?? 0) > (most.duration ?? 0) ? each : most),
      { title: '' },
    ),
  }))
  .sort((a, b) => b.ms - a.ms)

console.log('seconds  tests  file, and its slowest test')
for (const { name, ms, tests, slowest } of files.slice(0, Number(rows))) {
  console.log(`${seconds(ms)} ${String(tests).padStart(6)}  ${name}`)
  console.log(`${seconds(slowest.duration ?? 0)}           ${slowest.title}`)
}
const sum = files.reduce((total, { ms }) => total + ms, 0)
console.log(`${seconds(sum)} in ${files.length} files, without loading them`)
