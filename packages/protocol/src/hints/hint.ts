import type { Predicate } from '@spillway/core'

/** A part of a hint that could not be used. */
export interface UnappliedPart {
  readonly predicate: string
  readonly reason: string
}

/** A hint as far as it was understood: what was not is `unknown` in its place, and listed. */
export interface ParsedHint {
  readonly predicate: Predicate
  readonly unapplied: readonly UnappliedPart[]
}

/**
 * On an answer about a table: the server reads `predicateHints` as `parseSqlPredicate` does, and leaves out only files that
 * hold no match, where NaN is above every number. Its value is the version of that SQL.
 */
export const SQL_HINTS_HEADER = 'spillway-sql-hints'
export const SQL_HINTS_VERSION = '1'

/** Longer hints are ignored, as the reference servers do. */
export const MAX_HINT_LENGTH = 1024 * 1024
/** Parts nested deeper are ignored, as the reference servers do with the whole hint. */
export const MAX_HINT_DEPTH = 100

const MAX_LISTED = 100
const MAX_SHOWN = 200

/** Collects what could not be used; a hostile hint cannot make the list long. */
export class UnappliedList {
  readonly #parts: UnappliedPart[] = []
  #more = 0

  /** Lists the part and gives its stand-in. */
  refuse(text: string, reason: string): Predicate {
    if (this.#parts.length < MAX_LISTED) this.#parts.push({ predicate: shorten(text), reason })
    else this.#more++
    return { kind: 'unknown', reason }
  }

  finish(): readonly UnappliedPart[] {
    if (this.#more === 0) return this.#parts
    return [...this.#parts, { predicate: '...', reason: `${this.#more} more parts are not listed` }]
  }
}

function shorten(text: string): string {
  const trimmed = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text
  return trimmed.replace(/\s+/g, ' ').trim()
}
