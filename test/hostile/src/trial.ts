import { isTableError } from '@spillway/core'
import { type Answer, answerOf, differences } from './answer.js'
import type { Mutant } from './mutant.js'
import { overlayStore, type SizedStore } from './overlay-store.js'
import { comparePathBytes } from './path-order.js'
import { rowsOf } from './rows.js'
import type { BenchTable } from './tables.js'
import { changedPlaces, explain } from './verdict.js'

export interface Outcome {
  /** Processor time of opening and planning alone, in microseconds; of all threads of the process. */
  readonly micros?: number
  /** `same`, `refused`, `explained`, or the name of a finding. */
  readonly kind: 'same' | 'refused' | 'explained' | 'skipped' | FindingKind
  readonly detail: string
}

export type FindingKind =
  | 'untyped error'
  | 'unexplained change'
  | 'meaning refused'
  | 'meaning changed'
  | 'hang'
  | 'slow'
  | 'memory'
  | 'crash'

const clean = new WeakMap<BenchTable, Map<boolean, Promise<Answer | string>>>()
const orders = new WeakMap<BenchTable, readonly string[]>()

/** Codes by which damage may be refused. Damage does not pass by itself: nothing of it may be called passing. */
const REFUSALS = new Set([
  'TABLE_CORRUPT',
  'UNSUPPORTED_FEATURE',
  'NOT_FOUND',
  'INVALID_REQUEST',
  'PERMISSION_DENIED',
])

/** Asks for files alone, or for rows too. */
export type Ask = { readonly rows: boolean }

/** What the table answers as it is, or why it is refused. */
export function cleanAnswer(table: BenchTable, ask: Ask): Promise<Answer | string> {
  const known = clean.get(table) ?? new Map<boolean, Promise<Answer | string>>()
  clean.set(table, known)
  const before = known.get(ask.rows)
  if (before !== undefined) return before
  const store = overlayStore(table.objects(), new Map(), orderOf(table))
  const made = asked(table, store, ask).catch(error => String(error))
  known.set(ask.rows, made)
  return made
}

async function asked(table: BenchTable, store: SizedStore, { rows }: Ask): Promise<Answer> {
  const { answer } = await answerOf(table, store)
  return rows ? { ...answer, rows: await rowsOf(table, store) } : answer
}

export function orderOf(table: BenchTable): readonly string[] {
  const known = orders.get(table)
  if (known !== undefined) return known
  const order = [...table.objects().keys()].sort(comparePathBytes)
  orders.set(table, order)
  return order
}

/** Opens and plans a mutant, and judges what came of it. */
export async function tryMutant(mutant: Mutant, ask: Ask): Promise<Outcome> {
  const { table, changed, layer } = mutant
  const whole = await cleanAnswer(table, ask)
  if (typeof whole === 'string') return { kind: 'skipped', detail: 'the table itself is refused' }
  const store = overlayStore(table.objects(), changed, orderOf(table))
  const cpu = process.cpuUsage()
  const found = await asked(table, store, ask).catch(error => refusal(error, layer === 'meaning'))
  const { user, system } = process.cpuUsage(cpu)
  return { ...judged(mutant, whole, found), micros: user + system }
}

function judged(mutant: Mutant, whole: Answer, found: Answer | Outcome): Outcome {
  if ('kind' in found) return found
  const answer = found
  const aspects = differences(whole, answer)
  if (aspects.length === 0) return { kind: 'same', detail: '' }
  if (mutant.layer === 'meaning') return { kind: 'meaning changed', detail: aspects.join(', ') }
  const places = changedPlaces(mutant)
  const reasons = explain(mutant, { clean: whole, found: answer }, places)
  if (reasons !== undefined) return { kind: 'explained', detail: reasons.join('; ') }
  return {
    kind: 'unexplained change',
    detail: `${aspects.join(', ')} by ${places?.join(', ') ?? 'a file that is not whole'}`,
  }
}

function refusal(error: unknown, meaning: boolean): Outcome {
  if (!isTableError(error)) {
    const stack =
      error instanceof Error ? (error.stack ?? '').split('\n').slice(0, 4).join(' | ') : ''
    return { kind: 'untyped error', detail: `${String(error)} ${stack}` }
  }
  if (!REFUSALS.has(error.code)) {
    return { kind: 'untyped error', detail: `${error.code}: ${error.message}` }
  }
  const detail = `${error.code}: ${error.message}`
  return { kind: meaning ? 'meaning refused' : 'refused', detail }
}
