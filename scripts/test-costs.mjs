#!/usr/bin/env node
// The last run of `npm test` or `npm run test:long` by cost: seconds of each file, and of its slowest test.
//   npm run test:costs [-- ROWS]
import { existsSync, readFileSync } from 'node:fs'
import { COSTS } from './cost-reporter.mjs'

const [rows = '40'] = process.argv.slice(2)
if (!existsSync(COSTS)) {
  console.error('no run has been recorded: npm test, or npm run test:long')
  process.exit(2)
}
const seconds = ms => (ms / 1000).toFixed(1).padStart(7)
const files = JSON.parse(readFileSync(COSTS, 'utf8')).sort((a, b) => b.running - a.running)

console.log('seconds  tests  file, and its slowest test')
for (const { file, running, tests, slowest } of files.slice(0, Number(rows))) {
  console.log(`${seconds(running)} ${String(tests).padStart(6)}  ${file}`)
  if (slowest.name !== '') console.log(`${seconds(slowest.ms)}           ${slowest.name}`)
}
const sum = key => files.reduce((total, each) => total + each[key], 0)
console.log(
  `${seconds(sum('running'))} in ${files.length} files, and ${seconds(sum('loading')).trim()} to load them`,
)
