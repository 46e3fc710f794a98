#!/usr/bin/env node
/**
 * `npm run hostile -- --help` says how it is used.
 * Ends with 1 where a mutant crashed, hung, took too much, was refused without a type or changed an answer unexplained.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { coverageTable, startCoverage } from './coverage.js'
import { type RunState, runMutants } from './mutant-run.js'
import { replay } from './replay.js'
import { tallyTable } from './tally.js'

const USAGE = `npm run hostile [-- OPTIONS]
  --mutants N        20,000 unless said
  --seed N           of the whole run; a mutant has a seed of its own
  --rows             reads rows too, through the row engine
  --workers N        processes side by side
  --coverage         says which branches of the parsers the mutants took
  --state FILE       goes on where it was stopped
  --findings FILE    writes findings as JSON lines
  --replay SEED      one mutant again, alone; with --rows where it had them
  --into FOLDER      writes the files of that mutant`

const { values: options } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    mutants: { type: 'string', default: process.env.SPILLWAY_MUTANTS ?? '20000' },
    seed: { type: 'string' },
    /** Rows are read too, through the row engine. */
    rows: { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    /** Makes one mutant again by its own seed, says what came of it, and writes its files to a folder. */
    replay: { type: 'string' },
    into: { type: 'string' },
    /** Where the run goes on from, if it is the same run; written as it goes. */
    state: { type: 'string' },
    findings: { type: 'string' },
    /** Says which branches of the parsers the mutants took. Takes half as long again. */
    coverage: { type: 'boolean', default: false },
  },
})

if (options.help) console.log(USAGE)
else if (options.replay !== undefined) {
  await replay(Number(options.replay), { into: options.into, rows: options.rows })
} else {
  const mutants = Number(options.mutants)
  const seed = Number(options.seed ?? process.env.SPILLWAY_FUZZ_SEED ?? 1)
  const state = resumed(seed, mutants)
  console.log(
    `${mutants} mutants of open and plan${options.rows ? ' and rows' : ''}, seed ${seed}${state.next > 0 ? `, on from ${state.next}` : ''}`,
  )
  const started = Date.now()
  const before = state.next
  const coverage = options.coverage ? startCoverage() : undefined
  await runMutants(state, {
    mutants,
    workers: Number(options.workers),
    onChange: save,
    ...(coverage && { environment: coverage.environment }),
  })
  save(state)
  console.log(tallyTable(state))
  const seconds = (Date.now() - started) / 1000
  console.log(`${state.next - before} in ${Math.round(seconds)} s`)
  if (coverage !== undefined) {
    console.log(coverageTable(coverage.report()))
    coverage.close()
  }
  for (const finding of state.findings) {
    console.log(
      `FINDING ${finding.format} ${finding.fileKind} | ${finding.layer}: ${finding.mutator} | seed ${finding.seed} | ${finding.what}: ${finding.detail.slice(0, 400)} | ${finding.table} ${finding.where}`,
    )
  }
  if (options.findings !== undefined) {
    writeFileSync(
      options.findings,
      state.findings.map(each => `${JSON.stringify(each)}\n`).join(''),
    )
  }
  process.exitCode = state.findings.length === 0 ? 0 : 1
}

function resumed(seed: number, mutants: number): RunState {
  const fresh: RunState = { seed, mutants, rows: options.rows, next: 0, counts: {}, findings: [] }
  if (options.state === undefined || !existsSync(options.state)) return fresh
  const found = JSON.parse(readFileSync(options.state, 'utf8')) as RunState
  return found.seed === seed && found.mutants === mutants && found.rows === options.rows
    ? found
    : fresh
}

function save(state: RunState): void {
  if (options.state !== undefined) writeFileSync(options.state, JSON.stringify(state))
}
