#!/usr/bin/env node
/**
 * `npm run hostile:soak [-- --minutes N] [--recipients N] [--seed N] [--slope MB] [--json FILE]`
 * A server under everything that recipients do at once. Ends with 1 where an answer was not what the table held, memory was
 * not flat or sockets were left; says what the event loop was held by for more than 50 ms.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { flatnessLine, flatnessOf } from './load/flatness.js'
import { holdTable } from './load/hold-table.js'
import { runSoak, type SoakResult } from './soak/run-soak.js'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: process.env.SPILLWAY_SOAK_MINUTES ?? '10' },
    recipients: { type: 'string', default: '8' },
    seed: { type: 'string', default: process.env.SPILLWAY_FUZZ_SEED ?? '1' },
    /** Megabytes a minute. */
    slope: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
})

/** Shorter runs are all warm-up: their memory is told and not judged. */
const JUDGED_MINUTES = 3
const MOST_GROWTH = 1.15
const HOLD_MS = 50
const minutes = Number(options.minutes)
const folder = await mkdtemp(join(tmpdir(), 'spillway-soak-'))
try {
  const result = await runSoak({
    folder,
    seconds: minutes * 60,
    seed: Number(options.seed),
    recipients: Number(options.recipients),
  })
  console.log(report(result).join('\n'))
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(result, null, 1))
  const problems = problemsOf(result)
  if (problems.length > 0) console.log(`FAILED: ${problems.join(', ')}`)
  process.exitCode = problems.length === 0 ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

function report({ acts, failures, samples, lag, holds, commits, reloads, left }: SoakResult) {
  return [
    `${minutes} minutes, seed ${options.seed}, ${options.recipients} recipients, ${commits} commits, ${reloads} changes of the configuration`,
    ...Object.entries(acts).map(
      ([name, { count, p50, p99, max }]) =>
        `  ${name.padEnd(9)} ${String(count).padStart(6)} times, p50 ${p50} p99 ${p99} max ${max} ms`,
    ),
    flatnessLine('RSS', samples, ({ rss }) => rss),
    flatnessLine('heap', samples, ({ heap }) => heap),
    `left behind: ${left.sockets} sockets, ${left.handles} handles (${left.handlesBefore} before)`,
    `longest delay by /metrics ${Math.round(lag * 1000)} ms`,
    ...holdTable(holds, HOLD_MS),
    ...failures.slice(0, 20).map(failure => `WRONG ${failure}`),
  ]
}

function problemsOf({ failures, samples, left }: SoakResult): readonly string[] {
  const grows = (of: 'rss' | 'heap') => {
    const { megabytesPerMinute, growth } = flatnessOf(samples, sample => sample[of])
    return megabytesPerMinute > Number(options.slope) || growth > MOST_GROWTH
  }
  return [
    ...(failures.length > 0 ? [`${failures.length} wrong answers`] : []),
    ...(minutes >= JUDGED_MINUTES && grows('rss') ? ['resident memory grows'] : []),
    ...(minutes >= JUDGED_MINUTES && grows('heap') ? ['the heap grows'] : []),
    ...(left.sockets > 0 ? [`${left.sockets} sockets are left`] : []),
  ]
}
