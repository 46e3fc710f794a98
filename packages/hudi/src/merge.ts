import { compareValues, type LogRecord, type Value } from '@spillway/core'
import { type MergeRule, unsupported } from './merge-rule.js'

/** A record of the logs, with the write that had the last word on its key. */
export interface MergedRecord extends LogRecord {
  readonly instant: string
}

/** The last word of the logs on one key so far. */
interface Merged {
  /** The write whose block it was in. */
  readonly instant: string
  /** Absent for a delete. */
  readonly row?: readonly unknown[]
  /** One a field of the rule; undefined where order does not matter: then the later one wins. */
  readonly ordering: readonly (Value | null)[] | undefined
}

/** Merges log records key by key, in the order they are added, and then with the base file's rows. */
export class LogMerge {
  readonly #rule: MergeRule
  readonly #records = new Map<string, Merged>()

  constructor(rule: MergeRule) {
    this.#rule = rule
  }

  get size(): number {
    return this.#records.size
  }

  add(recordKey: string, record: Merged): void {
    const known = this.#records.get(recordKey)
    if (known !== undefined && this.#rule.orderLogs && this.#isOlder(record, known)) return
    this.#records.set(recordKey, record)
  }

  /** A delete without an ordering value is final whatever came before it; what comes after it counts again. */
  #isOlder(next: Merged, known: Merged): boolean {
    if (next.ordering === undefined || known.ordering === undefined) return false
    // A deleted row's ordering does not hold back later rows in the payloads of older tables.
    if (this.#rule.deletesBase && known.row === undefined) return false
    return compareOrdering(next.ordering, known.ordering) < 0
  }

  /**
   * What the logs do to a row of the base file; undefined where they leave it. A key is merged with the first row
   * that has it, as Hudi does: further rows of the same key stay.
   */
  mergeBase(
    recordKey: string,
    position: bigint,
    ordering: () => readonly (Value | null)[],
  ): MergedRecord | undefined {
    const record = this.#records.get(recordKey)
    if (record === undefined) return undefined
    this.#records.delete(recordKey)
    if (this.#baseWins(record, ordering)) return undefined
    const { instant, row } = record
    return { recordKey, position, instant, ...(row === undefined ? {} : { row }) }
  }

  #baseWins(record: Merged, ordering: () => readonly (Value | null)[]): boolean {
    if (!this.#rule.orderBase || record.ordering === undefined) return false
    if (record.row === undefined && this.#rule.deletesBase) return false
    return compareOrdering(record.ordering, ordering()) < 0
  }

  /** Rows that are in no base file. */
  *inserts(): Generator<MergedRecord> {
    for (const [recordKey, { row, instant }] of this.#records) {
      if (row !== undefined) yield { recordKey, row, instant }
    }
  }
}

/** Field by field. Hudi has no order between null and a value: it fails, and so does this. */
function compareOrdering(a: readonly (Value | null)[], b: readonly (Value | null)[]): number {
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i] ?? null, b[i] ?? null]
    if (left === null && right === null) continue
    if (left === null || right === null || typeof left !== typeof right) {
      throw unsupported('ordering values of which some are null or of another type')
    }
    const order = compareValues(left, right)
    if (order !== 0) return order
  }
  return 0
}
