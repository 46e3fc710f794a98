import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchmarks } from './registry.js'
import { runPeer, runSelf, type Sample } from './run.js'
import { printSummary, type Result } from './summary.js'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..')

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'string' },
    python: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

const rounds = Number(options.rounds ?? (options.smoke ? 1 : 5))
const wanted = benchmarks.filter(
  benchmark =>
    (options.only === undefined || benchmark.name.includes(options.only)) &&
    (!options.smoke || benchmark.smoke),
)
if (options.list) {
  for (const { name } of wanted) console.log(name)
  process.exit(0)
}
if (wanted.length === 0) {
  console.error(`no benchmark is named like ${options.only}; see --list`)
  process.exit(2)
}

const data = join(root, 'data')
mkdirSync(data, { recursive: true })
const results: Result[] = []
let failed = false
for (const benchmark of wanted) {
  const samples = new Map<string, Sample[]>()
  const missing = new Map<string, string>()
  // Rounds interleave the contenders, each in a process of its own, so that a noisy minute touches all of them.
  for (let round = 0; round < rounds; round++) {
    const own = await runSelf(join(here, 'child.js'), benchmark, data)
    failed ||= own.error !== undefined
    record('spillway', own)
    for (const peer of benchmark.peers)
      record(peer.name, await runPeer(root, peer, benchmark, data, options.python))
  }
  const result: Result = { name: benchmark.name, samples, missing }
  results.push(result)
  printSummary(result)

  function record(contender: string, outcome: { sample?: Sample; error?: string }): void {
    if (outcome.sample === undefined) missing.set(contender, outcome.error ?? 'no answer')
    else samples.set(contender, [...(samples.get(contender) ?? []), outcome.sample])
  }
}
if (options.json !== undefined) {
  const report = results.map(({ name, samples, missing }) => ({
    name,
    samples: Object.fromEntries(samples),
    missing: Object.fromEntries(missing),
  }))
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
}
const runs = results.length
console.log(`\n${runs} benchmarks, ${rounds} rounds each`)
process.exit(failed ? 1 : 0)
