import type { Predicate } from '@spillway/core'
import { parseJsonPredicate, parseSqlPredicate, type QueryRequest } from '@spillway/protocol'

/** What a query's hints come to. Hints are best effort: what is not understood prunes nothing and fails nothing. */
export interface Hints {
  readonly scan: { readonly predicate?: Predicate; readonly limit?: number }
  readonly unapplied: readonly Unapplied[]
}

export interface Unapplied {
  readonly predicate: string
  readonly reason: string
}

export function hintsOf(body: QueryRequest): Hints {
  const parsed = [
    ...(body.predicateHints ?? []).map(parseSqlPredicate),
    ...(body.jsonPredicateHints ? [parseJsonPredicate(body.jsonPredicateHints)] : []),
  ]
  const operands = parsed.map(hint => hint.predicate)
  return {
    scan: {
      ...(operands.length > 0 && { predicate: { kind: 'and', operands } as const }),
      ...limitOf(body.limitHint),
    },
    unapplied: parsed.flatMap(hint => hint.unapplied),
  }
}

function limitOf(limitHint: bigint | undefined): { readonly limit?: number } {
  if (limitHint === undefined || limitHint < 0n) return {}
  return { limit: Number(limitHint) }
}

/** What became of a query's hints: which conditions prune, and which could not be used, and why. */
export interface HintReport {
  /** Hints that the request had. */
  readonly given: number
  readonly used: readonly string[]
  readonly unused: readonly Unapplied[]
}

/** Undefined for a request without hints. */
export function hintReport(
  body: QueryRequest,
  hints: Hints,
  plan: () => { readonly applied: readonly string[]; readonly unapplied: readonly Unapplied[] },
): HintReport | undefined {
  const given = (body.predicateHints?.length ?? 0) + (body.jsonPredicateHints ? 1 : 0)
  if (given === 0) return undefined
  const { applied, unapplied } = plan()
  return { given, used: applied, unused: [...hints.unapplied, ...unapplied] }
}

const MAX_REPORTED = 5
const MAX_REPORT_CHARACTERS = 100

/**
 * The report as a header: the commonest complaint about hints is that nobody says. Quotes and whatever a header cannot
 * hold are left out; of many parts the first are named.
 */
export function hintHeader({ given, used, unused }: HintReport): string {
  const named = (texts: readonly string[]) =>
    [String(texts.length), ...texts.slice(0, MAX_REPORTED).map(text => `"${plain(text)}"`)].join(
      ', ',
    )
  const reasons = unused.map(({ predicate, reason }) => `${predicate}: ${reason}`)
  return `given=${given}; used=${named(used)}; unused=${named(reasons)}`
}

function plain(text: string): string {
  const short =
    text.length > MAX_REPORT_CHARACTERS ? `${text.slice(0, MAX_REPORT_CHARACTERS)}...` : text
  return short.replace(/[^ !#-[\]-~]/g, '?')
}
