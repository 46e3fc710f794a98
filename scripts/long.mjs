#!/usr/bin/env node
// The last tier of tests, for hours instead of minutes: what a run of CI samples, at length. One stage after the other, each
// with a log of its own below `.long/`; what passed at this commit with this seed is not run again, so that a run which was
// stopped goes on where it was.
//   npm run long [-- --only STAGE[,STAGE]] [--seed N] [--hours N] [--nodes PATH[,PATH]] [--again] [--smoke] [--list]
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = join(root, '.long')
const vitest = join('node_modules', 'vitest', 'vitest.mjs')
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string' },
    hours: { type: 'string', default: '8' },
    /** Further Node binaries: the unit tests run under each of them too. */
    nodes: { type: 'string', default: '' },
    /** Every stage at a two-hundredth of its size, to see that it runs; nothing is remembered. */
    smoke: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})

/** Each stage is a command and its environment. `minutes` is an estimate for two cores; the state has what it took. */
const stages = [
  npm('whole', ['test:long'], 20),
  tests('soundness', ['packages/planner/test/soundness.test.ts'], {
    minutes: 60,
    environment: { SPILLWAY_SOUNDNESS_PAIRS: '1000000' },
  }),
  tests(
    'format-soundness',
    ['packages/iceberg/test/soundness.test.ts', 'packages/parquet/test/soundness.test.ts'],
    { minutes: 30, environment: { SPILLWAY_SOUNDNESS_PAIRS: '200000' } },
  ),
  tests('real-soundness', ['test/soundness/soundness.test.ts'], {
    minutes: 20,
    environment: { SPILLWAY_REAL_PREDICATES: '1100000' },
    timeoutMs: 3_600_000,
  }),
  tests('deletes', ['packages/iceberg/test/deletes/equality-trim.test.ts'], {
    minutes: 20,
    environment: { SPILLWAY_TRIM_ROUNDS: '20000' },
  }),
  tests('fuzz', ['packages/iceberg/test/fuzz.test.ts', 'packages/hudi/test/fuzz.test.ts'], {
    minutes: 20,
    environment: { SPILLWAY_FUZZ_SECONDS: '60' },
    timeoutMs: 1_800_000,
  }),
  tests('rows', ['packages/rows/test/random-rows.test.ts'], {
    minutes: 20,
    environment: { SPILLWAY_ROW_SEEDS: '500' },
    timeoutMs: 3_600_000,
  }),
  tests('queries', ['test/recipient/attach-share.test.ts'], {
    minutes: 30,
    environment: { SPILLWAY_QUERIES: '100' },
  }),
  tests('expiring-urls', ['packages/duckdb/test/share-refresh.test.ts'], {
    minutes: 15,
    environment: { SPILLWAY_SCAN_SECONDS: '600', SPILLWAY_URL_SECONDS: '15' },
    timeoutMs: 1_800_000,
  }),
  tests('faults', ['test/hostile/faults.test.ts'], {
    minutes: 40,
    environment: { SPILLWAY_FAULTS: 'all' },
    timeoutMs: 3_600_000,
  }),
  {
    name: 'faults-client',
    minutes: 15,
    environment: { SPILLWAY_FAULTS: 'all' },
    command: ['bash', join('test', 'interop', 'run.sh'), '-k', 'test_faults'],
  },
  ...hostile(),
  loaded('stalls', 15, { SPILLWAY_STALLS_SIZE: '1' }),
  loaded('streams', 5, { SPILLWAY_STREAMS: '1000' }),
  loaded('soak', 11, { SPILLWAY_SOAK_MINUTES: '10' }),
  npm('every-way', ['ways'], 10),
  npm('every-way-golden', ['ways', '--', '--golden'], 10),
  npm('matrix', ['matrix'], 10),
  {
    name: 'random-tables',
    minutes: 20,
    environment: { SPILLWAY_RANDOM_TABLES: '60' },
    command: ['bash', join('test', 'interop', 'random', 'run.sh')],
  },
  ...nodes().map(node => ({
    name: `node-${versionOf(node)}`,
    minutes: 10,
    command: [node, vitest, 'run'],
    environment: {},
  })),
]

function tests(name, files, { minutes, environment, timeoutMs }) {
  const long = timeoutMs === undefined ? [] : [`--testTimeout=${timeoutMs}`]
  return {
    name,
    minutes,
    command: [process.execPath, vitest, 'run', ...files, ...long],
    environment,
  }
}

/**
 * The mutants of `npm run hostile`, fifty times as many; some with the branches that they take; some with their rows. They go on
 * where they were stopped.
 */
function hostile() {
  const workers = String(availableParallelism())
  return [
    { name: 'mutants', minutes: 60, size: 1_000_000, more: [] },
    { name: 'mutants-coverage', minutes: 10, size: 100_000, more: ['--coverage'] },
    { name: 'mutants-rows', minutes: 40, size: 50_000, more: ['--rows'] },
  ].map(({ name, minutes, size, more }) => ({
    name,
    minutes,
    environment: { SPILLWAY_MUTANTS: String(size) },
    command: [
      process.execPath,
      join('test', 'hostile', 'dist', 'run.js'),
      // What was tried of other sources is not gone on with.
      ...['--workers', workers, '--state', join('.long', `${name}-${commit()}.json`)],
      ...['--findings', join('.long', `${name}.findings.jsonl`), ...more],
    ],
  }))
}

/** A server under load. Its latencies are judged too: nothing else should run beside it. */
function loaded(name, minutes, environment) {
  const command = [process.execPath, join('test', 'hostile', 'dist', `${name}.js`)]
  return { name, minutes, command, environment }
}

function npm(name, args, minutes) {
  return { name, minutes, command: ['npm', 'run', '--silent', ...args], environment: {} }
}

function nodes() {
  return options.nodes.split(',').filter(path => path !== '')
}

function versionOf(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() || node
}

function commit() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim()
  const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
  return `${git('rev-parse', 'HEAD')}${changed ? '+changes' : ''}`
}

const stateFile = join(folder, 'state.json')
const before = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : undefined
const wanted = options.only?.split(',')
const unknown = wanted?.filter(name => !stages.some(stage => stage.name === name)) ?? []
if (unknown.length > 0 || options.list) {
  if (unknown.length > 0) console.error(`no stage is called ${unknown.join(', ')}`)
  for (const { name, minutes, command, environment } of stages) {
    const settings = Object.entries(environment).map(([key, value]) => `${key}=${value}`)
    console.log(
      `${name.padEnd(18)} ${String(minutes).padStart(3)} min  ${[...settings, ...command.slice(1)].join(' ')}`,
    )
  }
  process.exit(unknown.length > 0 ? 2 : 0)
}

const state = resumed(before, commit())
mkdirSync(folder, { recursive: true })
console.log(`seed ${state.seed}, commit ${state.commit}; logs in .long/`)
const deadline = Date.now() + Number(options.hours) * 3_600_000
for (const stage of stages) {
  if (wanted !== undefined && !wanted.includes(stage.name)) continue
  if (state.passed[stage.name] !== undefined) {
    console.log(`${stage.name}: passed before, in ${state.passed[stage.name]} s`)
  } else if (Date.now() > deadline) {
    console.log(`${stage.name}: left for the next run, ${options.hours} hours are over`)
  } else run(stage)
}
const failed = Object.keys(state.failed)
if (nodes().length === 0) console.log('other Node versions: --nodes names none')
console.log(failed.length === 0 ? 'nothing failed' : `FAILED: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)

/** What was found before holds for the same sources and the same seed. */
function resumed(found, head) {
  const same = found !== undefined && found.commit === head && !head.endsWith('+changes')
  const seed = Number(options.seed ?? (same ? found.seed : Date.now() % 2 ** 31))
  const again = options.again || options.smoke || !same || found.seed !== seed
  return { commit: head, seed, passed: again ? {} : found.passed, failed: {} }
}

function run({ name, command, environment }) {
  const log = openSync(join(folder, `${name}.log`), 'w')
  const start = Date.now()
  const seeds = {
    SPILLWAY_SOUNDNESS_SEED: String(state.seed),
    SPILLWAY_FUZZ_SEED: String(state.seed),
    // What `npm test` samples is the least here.
    SPILLWAY_LONG: '1',
  }
  const { status } = spawnSync(command[0], command.slice(1), {
    cwd: root,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...seeds, ...sized(environment), NO_COLOR: '1' },
  })
  closeSync(log)
  const seconds = Math.round((Date.now() - start) / 1000)
  if (status === 0) state.passed[name] = seconds
  else state.failed[name] = seconds
  if (!options.smoke) writeFileSync(stateFile, `${JSON.stringify(state, null, 2)}\n`)
  console.log(`${name}: ${status === 0 ? 'passed' : `FAILED (.long/${name}.log)`} in ${seconds} s`)
}

function sized(environment) {
  if (!options.smoke) return environment
  const entries = Object.entries(environment)
  const small = n => (Number.isNaN(Number(n)) ? n : String(Math.ceil(Number(n) / 200)))
  // These are no counts: a share of a size, and minutes.
  const fractions = ['SPILLWAY_STALLS_SIZE', 'SPILLWAY_SOAK_MINUTES']
  return Object.fromEntries(
    entries.map(([key, n]) => [key, fractions.includes(key) ? String(Number(n) / 200) : small(n)]),
  )
}
