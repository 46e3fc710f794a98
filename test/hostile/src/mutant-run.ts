import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeMutant, mutantSeed } from './mutant.js'
import { benchTables } from './tables.js'
import type { Finding, Order, Report } from './worker.js'

/** What of a run is kept: it goes on from here. */
export interface RunState {
  readonly seed: number
  readonly mutants: number
  readonly rows: boolean
  next: number
  /** `format\tfile kind\tlayer\toutcome` to how many. */
  readonly counts: Record<string, number>
  readonly findings: Finding[]
}

export interface RunOptions {
  readonly mutants: number
  readonly workers: number
  /** For the processes that try mutants, beside this one's own. */
  readonly environment?: Readonly<Record<string, string>>
  readonly onChange: (state: RunState) => void
}

/** Mutants that one process is given at a time. */
const SHARE = 4000
/** A process that has been at one mutant for this long is ended. The mutant itself ends after less if it only waits. */
const HANG_MS = 20_000
/** The same where rows are read too, of large tables and on busy machines. */
const ROWS_HANG_MS = 120_000
const HEAP_MB = 2048

/** Tries all mutants that are left, in order: what has been counted is always all up to `state.next`. */
export async function runMutants(state: RunState, options: RunOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-hostile-'))
  const { environment = {} } = options
  try {
    while (state.next < options.mutants) {
      // Side by side, then joined: a run that is stopped goes on from a whole round.
      const rounds = Array.from({ length: options.workers }, (_, i) => {
        const from = Math.min(options.mutants, state.next + i * SHARE)
        const to = Math.min(options.mutants, from + SHARE)
        return { from, to, progressFile: join(folder, `at-${i}`) }
      })
      await Promise.all(rounds.map(round => runShare(state, { ...round, environment })))
      state.next = rounds.at(-1)!.to
      options.onChange(state)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Share {
  readonly from: number
  readonly to: number
  readonly progressFile: string
  readonly environment: Readonly<Record<string, string>>
}

async function runShare(state: RunState, share: Share): Promise<void> {
  const { from, to, progressFile, environment } = share
  let next = from
  while (next < to) {
    const order: Order = {
      base: state.seed,
      from: next,
      to,
      rows: state.rows,
      progressFile,
      restartBytes: 700 * 1024 ** 2,
    }
    const ended = await runProcess(state, order, environment)
    if (ended.clean) {
      next = ended.next
      continue
    }
    // What was counted since the last tally is counted again, and the mutant that ended the process is a finding.
    const { at } = ended
    if (at > ended.next) await runShare(state, { ...share, from: ended.next, to: at })
    const finding = findingAt(state, at, ended)
    if (finding !== undefined) {
      state.findings.push(finding)
      const row = `${finding.format}\t${finding.fileKind}\t${finding.layer}\t${finding.what}`
      state.counts[row] = (state.counts[row] ?? 0) + 1
    }
    next = at + 1
  }
}

type Ended =
  | { readonly clean: true; readonly next: number }
  | {
      readonly clean: false
      readonly next: number
      readonly at: number
      readonly what: 'hang' | 'crash'
      readonly detail: string
    }

/** One process until it is done, ends of itself, or must be ended. */
function runProcess(
  state: RunState,
  order: Order,
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), {
    env: { ...process.env, ...environment },
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let next = order.from
  let stopped: number | undefined
  let errors = ''
  const pending: Finding[] = []
  child.stderr?.on('data', chunk => {
    errors = (errors + String(chunk)).slice(-4000)
  })
  child.on('message', (report: Report) => {
    if (report.kind === 'finding') pending.push(report.finding)
    else if (report.kind === 'stopped') stopped = report.next
    else {
      for (const [key, count] of report.counts) {
        state.counts[key] = (state.counts[key] ?? 0) + count
      }
      state.findings.push(...pending.splice(0))
      next = report.next
    }
  })
  child.send(order)
  const hangMs = order.rows ? ROWS_HANG_MS : HANG_MS
  const watch = watchProgress(child, order.progressFile, hangMs)
  return new Promise(resolve => {
    child.on('exit', (code, signal) => {
      clearInterval(watch.timer)
      if (stopped !== undefined) return resolve({ clean: true, next: stopped })
      const at = Math.max(next, progressOf(order.progressFile) ?? next)
      const what = watch.hung() ? 'hang' : 'crash'
      const detail =
        what === 'hang'
          ? `not done after ${hangMs} ms`
          : `ended with ${code ?? signal}: ${errors.replaceAll('\n', ' ').slice(-500)}`
      resolve({ clean: false, next, at, what, detail })
    })
  })
}

function watchProgress(child: ChildProcess, file: string, hangMs: number) {
  let last: number | undefined
  let since = Date.now()
  let hung = false
  const timer = setInterval(() => {
    const at = progressOf(file)
    if (at !== last) {
      last = at
      since = Date.now()
    } else if (Date.now() - since > hangMs) {
      hung = true
      child.kill('SIGKILL')
    }
  }, 500)
  return { timer, hung: () => hung }
}

function progressOf(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return text === '' ? undefined : Number(text)
  } catch {
    return undefined
  }
}

function findingAt(
  { seed: base, rows }: RunState,
  index: number,
  { what, detail }: { what: 'hang' | 'crash'; detail: string },
): Finding | undefined {
  const seed = mutantSeed(base, index)
  const mutant = makeMutant(benchTables(), seed, { rows })
  if (mutant === undefined) return undefined
  const { table, kind, path, layer, mutator, where } = mutant
  return {
    index,
    seed,
    table: table.name,
    format: table.format,
    fileKind: kind,
    path,
    layer,
    mutator,
    where,
    what,
    detail,
  }
}
