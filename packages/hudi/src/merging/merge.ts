import { compareValues, type LogRecord, type Value } from '@spillway/core'
import { type MergeRule, unsupported } from '../config/merge-rule.js'
import { ShardedMap } from './sharded-map.js'

/** A record of the logs, with the write that had the last word on its key. */
export interface MergedRecord extends LogRecord {
  readonly instant: string
}

/** What records are merged by: their key, or the position of the base file's row that they change. */
export type MergeId = string | number

/** The last word of the logs on one row so far. */
export interface Merged {
  readonly recordKey: string
  /** The write whose block it was in. */
  readonly instant: string
  /** Absent for a delete. */
  readonly row?: readonly unknown[] | undefined
  /** One a field of the rule; undefined where order does not matter: then the later one wins. */
  readonly ordering: readonly (Value | null)[] | undefined
}

/** Merges log records row by row, in the order they are added, and then with the base file's rows. */
export class LogMerge {
  readonly #rule: MergeRule
  readonly #records = new ShardedMap<Merged>()

  constructor(rule: MergeRule) {
    this.#rule = rule
  }

  get size(): number {
    return this.#records.size
  }

  add(id: MergeId, record: Merged): void {
    const known = this.#records.get(id)
    if (known !== undefined && this.#rule.orderLogs && this.#isOlder(record, known)) return
    this.#records.set(id, record)
  }

  /** A delete without an ordering value is final whatever came before it; what comes after it counts again. */
  #isOlder(next: Merged, known: Merged): boolean {
    if (next.ordering === undefined || known.ordering === undefined) return false
    // A deleted row's ordering does not hold back later rows in the payloads of older tables.
    if (this.#rule.deletesBase && known.row === undefined) return false
    return compareOrdering(next.ordering, known.ordering) < 0
  }

  /**
   * What the logs do to a row of the base file; undefined where they leave it. By key, records are merged with the
   * first row that has it, as Hudi does: further rows of the same key stay.
   */
  mergeBase(
    id: MergeId,
    position: bigint,
    ordering: () => readonly (Value | null)[],
  ): MergedRecord | undefined {
    const record = this.#records.get(id)
    if (record === undefined) return undefined
    this.#records.delete(id)
    if (this.#baseWins(record, ordering)) return undefined
    const { instant, row, recordKey } = record
    return { recordKey, position, instant, row }
  }

  #baseWins(record: Merged, ordering: () => readonly (Value | null)[]): boolean {
    if (!this.#rule.orderBase || record.ordering === undefined) return false
    if (record.row === undefined && this.#rule.deletesBase) return false
    return compareOrdering(record.ordering, ordering()) < 0
  }

  /** The key that the logs know the row by. */
  keyOf(id: MergeId): string | undefined {
    return this.#records.get(id)?.recordKey
  }

  /** Rows that are in no base file; undefined for each that is deleted. */
  *inserts(): Generator<MergedRecord | undefined> {
    for (const { recordKey, row, instant } of this.#records.values()) {
      yield row === undefined ? undefined : { recordKey, row, instant }
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
