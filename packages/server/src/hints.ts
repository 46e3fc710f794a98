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

const MAX_REPORTED = 5
const MAX_REPORT_CHARACTERS = 100

/**
 * What could not be used and why, for a header: the commonest complaint about hints is that nobody says. Quotes and
 * whatever a header cannot hold are left out.
 */
export function hintReport(
  body: QueryRequest,
  unapplied: readonly Unapplied[],
): string | undefined {
  const given = (body.predicateHints?.length ?? 0) + (body.jsonPredicateHints ? 1 : 0)
  if (given === 0) return undefined
  if (unapplied.length === 0) return `given=${given}; unused=0`
  const reasons = unapplied
    .slice(0, MAX_REPORTED)
    .map(({ predicate, reason }) => `"${plain(predicate)}: ${plain(reason)}"`)
  return `given=${given}; unused=${unapplied.length}; reasons=${reasons.join(',')}`
}

function plain(text: string): string {
  return text.replace(/[^ !#-[\]-~]/g, '?').slice(0, MAX_REPORT_CHARACTERS)
}
