import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { exceeded } from './limits.js'
import { type Benchmark, benchmarks } from './registry.js'
import { commitOf, load, machine } from './report/machine.js'
import { type BenchmarkReport, OURS, type Round, type Sample } from './report/report.js'
import { joinReports, writeReport } from './report/write-report.js'
import { type Outcome, type Place, peersPython, runPeer, runSelf } from './run.js'
import { startStore } from './store/start-store.js'
import { ORDINARY } from './store/weather.js'
import { SUITES, type SuiteName } from './suites.js'
import { printSummary } from './summary.js'
import { lakeOf, prepareWorkload } from './workloads/workload.js'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..')

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    out: { type: 'string' },
    join: { type: 'string', multiple: true },
    python: { type: 'string' },
    /** Peers that are not asked. */
    without: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
})

if (options.join !== undefined) {
  if (options.out === undefined) refuse('expected --out FOLDER for the joined report')
  writeReport(options.out, joinReports(options.join))
  process.exit(0)
}
const rounds = Number(options.rounds ?? (options.smoke ? 1 : 5))
if (!Number.isInteger(rounds) || rounds < 1)
  refuse(`expected --rounds of 1 or more, found ${options.rounds}`)
const wanted = benchmarks.filter(
  ({ name, smoke }) =>
    (options.only?.some(part => name.includes(part)) ?? true) && (!options.smoke || smoke),
)
if (options.list) {
  for (const { name } of wanted) console.log(name)
  process.exit(0)
}
if (wanted.length === 0) refuse(`no benchmark is named like ${options.only}; see --list`)

const data = join(root, 'data')
mkdirSync(data, { recursive: true })
const began = now()
const results: BenchmarkReport[] = []
const problems: string[] = []
for (const benchmark of wanted) {
  const result = await measured(benchmark)
  results.push(result)
  printSummary(result)
  problems.push(...exceeded(benchmark.limits ?? {}, result))
  // After each, so that a run that is stopped leaves what it has.
  if (options.out !== undefined) {
    const facts = { began, ended: now(), commit: commitOf(root), machine: machine() }
    writeReport(options.out, { ...facts, store: { ...ORDINARY }, benchmarks: results })
  }
}
console.log(`\n${results.length} benchmarks, ${rounds} rounds each`)
for (const { name, missing } of results) {
  if (missing[OURS] !== undefined) problems.push(`${name}: ${missing[OURS]}`)
}
for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)

async function measured(benchmark: Benchmark): Promise<BenchmarkReport> {
  const { workload } = benchmark
  const python = options.python
  if (workload === undefined) return inRounds(benchmark, { data, python })
  // Made in this process, before anybody is measured.
  const job = await prepareWorkload(data, workload)
  const store = await startStore(lakeOf(data), ORDINARY)
  try {
    return await inRounds(benchmark, { data, python, stored: { store, job } })
  } finally {
    store.close()
  }
}

/** Rounds interleave the contenders, each in a process of its own, so that a noisy minute touches all of them. */
async function inRounds(benchmark: Benchmark, place: Place): Promise<BenchmarkReport> {
  const samples: Record<string, Sample[]> = {}
  const missing: Record<string, string> = {}
  const taken: Round[] = []
  const record = (contender: string, { sample, error }: Outcome) => {
    if (sample === undefined) missing[contender] = error ?? 'no answer'
    else samples[contender] = [...(samples[contender] ?? []), sample]
  }
  for (let round = 0; round < rounds; round++) {
    const loadBefore = load()
    if (benchmark.suite !== undefined) await runSuite(benchmark.suite, place, record)
    else await runAll(benchmark, place, { record, missing })
    taken.push({ loadBefore, loadAfter: load() })
  }
  const { name, size, note } = benchmark
  const told = { ...(size && { size }), ...(note !== undefined && { note }) }
  return { name, ...told, rounds: taken, samples, missing }
}

interface Records {
  readonly record: (contender: string, outcome: Outcome) => void
  readonly missing: Readonly<Record<string, string>>
}

async function runAll(benchmark: Benchmark, place: Place, records: Records): Promise<void> {
  const { record, missing } = records
  record(OURS, await runSelf(benchmark, place))
  for (const peer of benchmark.peers) {
    if (options.without.includes(peer.name)) {
      record(peer.name, { error: 'left out of this run' })
      continue
    }
    // What could not begin in one round will not in the next.
    if (missing[peer.name] === undefined) record(peer.name, await runPeer(peer, benchmark, place))
  }
}

async function runSuite(
  name: SuiteName,
  { data, python }: Place,
  record: Records['record'],
): Promise<void> {
  try {
    const { samples, missing } = await SUITES[name]({ data, python: python ?? peersPython })
    for (const [contender, sample] of Object.entries(samples)) record(contender, { sample })
    for (const [contender, error] of Object.entries(missing)) record(contender, { error })
  } catch (error) {
    record(OURS, { error: String(error) })
  }
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+/, '')
}

function refuse(problem: string): never {
  console.error(problem)
  process.exit(2)
}
