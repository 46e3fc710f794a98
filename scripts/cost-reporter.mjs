// A reporter of vitest that writes what each file of a run took, with its hooks, for `npm run test:costs`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A list of files; all durations are milliseconds. */
export const COSTS = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '.cache',
  'test-costs.json',
)

// biome-ignore lint/style/noDefaultExport: vitest takes a reporter from there.
export default class CostReporter {
  onTestRunEnd(modules) {
    mkdirSync(dirname(COSTS), { recursive: true })
    writeFileSync(COSTS, JSON.stringify(modules.map(costOf)))
  }
}

function costOf(module) {
  const { collectDuration: loading, duration: running } = module.diagnostic()
  const tests = [...module.children.allTests()].filter(test => test.result().state !== 'skipped')
  const slowest = { name: '', ms: 0 }
  for (const test of tests) {
    const ms = test.diagnostic()?.duration ?? 0
    if (ms > slowest.ms) Object.assign(slowest, { name: test.fullName, ms })
  }
  return { file: module.relativeModuleId, loading, running, tests: tests.length, slowest }
}
