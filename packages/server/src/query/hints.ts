import type { Predicate } from '@spillway/core'
import {
  type ParsedHint,
  parseJsonPredicate,
  parseSqlPredicate,
  type QueryRequest,
} from '@spillway/protocol'
import type { HintLimits } from '../limits/server-limits.js'

/** What a query's hints come to. Hints are best effort: what is not understood prunes nothing and fails nothing. */
export interface Hints {
  readonly scan: { readonly predicate?: Predicate | undefined; readonly limit?: number | undefined }
  readonly unapplied: readonly Unapplied[]
}

export interface Unapplied {
  readonly predicate: string
  readonly reason: string
}

export interface ReadHintsOptions {
  readonly limits: HintLimits
  /** Awaited between pieces of work of some ten milliseconds. */
  readonly turn: () => Promise<void>
}

const CHARACTERS_PER_TURN = 16 * 1024

/** The hints as far as they are understood, and within the limits: what is beyond those prunes nothing either. */
export async function hintsOf(
  { predicateHints = [], jsonPredicateHints, limitHint }: QueryRequest,
  { limits, turn }: ReadHintsOptions,
): Promise<Hints> {
  const operands: Predicate[] = []
  const unapplied: Unapplied[] = []
  const left = { characters: limits.allHintsCharacters, nodes: limits.hintNodes }
  let sinceTurn = 0
  const read = async (text: string, parse: (text: string) => ParsedHint) => {
    left.characters -= text.length
    sinceTurn += text.length
    if (sinceTurn > CHARACTERS_PER_TURN) {
      sinceTurn = 0
      await turn()
    }
    const hint = parse(text)
    left.nodes -= nodesOf(hint.predicate)
    if (left.nodes < 0) return refuse(text, `beyond the limit of ${limits.hintNodes} conditions`)
    operands.push(hint.predicate)
    unapplied.push(...hint.unapplied)
  }
  const refuse = (text: string, reason: string) => {
    if (unapplied.length >= MOST_REFUSED) return
    unapplied.push({ predicate: `${text.slice(0, SHOWN_CHARACTERS)}...`, reason })
  }
  for (const text of predicateHints.slice(0, limits.hints)) {
    if (left.nodes < 0) refuse(text, `beyond the limit of ${limits.hintNodes} conditions`)
    else if (text.length > limits.hintCharacters) {
      refuse(text, `longer than ${limits.hintCharacters} characters`)
    } else if (text.length > left.characters) {
      refuse(text, `beyond the limit of ${limits.allHintsCharacters} characters`)
    } else await read(text, parseSqlPredicate)
  }
  for (const text of predicateHints.slice(limits.hints, limits.hints + MOST_REFUSED)) {
    refuse(text, `beyond the limit of ${limits.hints} hints`)
  }
  if (jsonPredicateHints) {
    if (jsonPredicateHints.length > left.characters) {
      refuse(jsonPredicateHints, `beyond the limit of ${limits.allHintsCharacters} characters`)
    } else await read(jsonPredicateHints, parseJsonPredicate)
  }
  const isGiven = operands.length > 0
  return {
    scan: { ...(isGiven && { predicate: { kind: 'and', operands } }), ...limitOf(limitHint) },
    unapplied,
  }
}

const SHOWN_CHARACTERS = 100

/** More are only beyond a limit as those are. */
const MOST_REFUSED = 100

/** Nothing nests deeper than a hint may. */
function nodesOf(predicate: Predicate): number {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return predicate.operands.reduce((sum, each) => sum + nodesOf(each), 1)
    case 'not':
      return 1 + nodesOf(predicate.operand)
    case 'in':
    case 'notIn':
      return 1 + predicate.values.length
    default:
      return 1
  }
}

function limitOf(limitHint: bigint | undefined): { readonly limit?: number | undefined } {
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
