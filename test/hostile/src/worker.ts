/**
 * Tries mutants one after the other in a process of its own, so that a crash, a hang or a lack of memory ends it and not the
 * run. What it is at stands in a file that the run reads: a process that hangs can tell nobody.
 */
import { openSync, writeSync } from 'node:fs'
import { peakMemory } from '@spillway/testkit/peak-memory'
import { type Mutant, makeMutant, mutantSeed } from './mutant.js'
import { benchTables } from './tables.js'
import { cleanAnswer, type Outcome, tryMutant } from './trial.js'

export interface Order {
  readonly base: number
  readonly from: number
  readonly to: number
  /** Rows are read too. */
  readonly rows: boolean
  readonly progressFile: string
  /** Peak memory over this since the start ends the process, so that the next peak is seen too. */
  readonly restartBytes: number
}

export type Report =
  | {
      readonly kind: 'tally'
      readonly next: number
      readonly counts: readonly (readonly [string, number])[]
    }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'stopped'; readonly next: number }

export interface Finding {
  readonly index: number
  readonly seed: number
  readonly table: string
  readonly format: string
  readonly fileKind: string
  readonly path: string
  readonly layer: string
  readonly mutator: string
  readonly where: string
  readonly what: Outcome['kind']
  readonly detail: string
}

/** Above what the clean table takes. */
const MEMORY_LIMIT = 256 * 1024 ** 2
const CPU_LIMIT_MICROS = 1_000_000
const STUCK_MS = 10_000
const REPORT_EVERY = 200

process.on('message', (order: Order) => void work(order))

async function work(order: Order): Promise<void> {
  const { base, from, to, rows } = order
  const tables = benchTables()
  const progress = openSync(order.progressFile, 'w')
  const start = peakMemory()
  let counts = new Map<string, number>()
  const flush = (next: number) => {
    send({ kind: 'tally', next, counts: [...counts] })
    counts = new Map()
  }
  for (let index = from; index < to; index++) {
    writeSync(progress, String(index).padEnd(16), 0)
    const seed = mutantSeed(base, index)
    const mutant = makeMutant(tables, seed, { rows })
    const outcome = mutant === undefined ? NOTHING : await measured(mutant, rows)
    const row =
      mutant === undefined
        ? 'none\tnone\tnone'
        : `${mutant.table.format}\t${mutant.kind}\t${mutant.layer}`
    const key = `${row}\t${outcome.kind}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
    if (mutant !== undefined && isFinding(outcome)) {
      send({ kind: 'finding', finding: findingOf(mutant, { index, seed }, outcome) })
    }
    if ((index + 1 - from) % REPORT_EVERY === 0) flush(index + 1)
    if (peakMemory() - start > order.restartBytes && index + 1 < to) {
      flush(index + 1)
      return end(index + 1)
    }
  }
  flush(to)
  end(to)
}

const NOTHING: Outcome = { kind: 'skipped', detail: 'the choice made no mutant' }

/** The outcome, or what it cost if that was too much. */
async function measured(mutant: Mutant, rows: boolean): Promise<Outcome> {
  await cleanAnswer(mutant.table, { rows })
  const memory = peakMemory()
  let timer: NodeJS.Timeout | undefined
  const stuck = new Promise<Outcome>(resolve => {
    timer = setTimeout(
      () => resolve({ kind: 'hang', detail: `no answer after ${STUCK_MS} ms` }),
      STUCK_MS,
    )
  })
  const outcome = await Promise.race([tryMutant(mutant, { rows }), stuck])
  clearTimeout(timer)
  const micros = outcome.micros ?? 0
  const grown = peakMemory() - memory
  if (grown > MEMORY_LIMIT) {
    return {
      kind: 'memory',
      detail: `${Math.round(grown / 1024 ** 2)} MB more; ${outcome.kind} ${outcome.detail}`,
    }
  }
  if (micros > CPU_LIMIT_MICROS && outcome.kind !== 'hang') {
    return {
      kind: 'slow',
      detail: `${Math.round(micros / 1000)} ms of processor; ${outcome.kind} ${outcome.detail}`,
    }
  }
  return outcome
}

export function isFinding({ kind }: Outcome): boolean {
  return kind !== 'same' && kind !== 'refused' && kind !== 'explained' && kind !== 'skipped'
}

function findingOf(
  mutant: Mutant,
  { index, seed }: { index: number; seed: number },
  outcome: Outcome,
): Finding {
  return {
    index,
    seed,
    table: mutant.table.name,
    format: mutant.table.format,
    fileKind: mutant.kind,
    path: mutant.path,
    layer: mutant.layer,
    mutator: mutant.mutator,
    where: mutant.where,
    what: outcome.kind,
    detail: outcome.detail,
  }
}

function send(report: Report): void {
  process.send!(report)
}

function end(next: number): void {
  process.send!({ kind: 'stopped', next } satisfies Report, () => process.exit(0))
}
