import {
  type ColumnStats,
  type FieldPath,
  floorDivide,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  leafOf,
  typeName,
  type Value,
} from '@spillway/core'
import type { DeltaMetadata } from '../schema/metadata.js'
import { type BoundColumn, boundColumn } from './bound-column.js'
import { type BoundRules, hasBounds } from './bound-value.js'

/** A column of which statistics are asked: where files record it, and how to understand what they say. */
export interface StatsColumn {
  /** Names these statistics whatever schema asks for it: the physical path and the type it is read at. */
  readonly key: string
  readonly physicalPath: readonly string[]
  readonly rules: BoundRules
}

export function statsColumn(path: FieldPath, metadata: DeltaMetadata): StatsColumn {
  const leaf = leafOf(path)
  const physicalPath = path.map(field => field.physicalName)
  const traits = metadata.traits.get(leaf.id)
  const rules = { type: leaf.type, traits, stringPrefixLength: metadata.stringPrefixLength }
  const flags = `${traits?.unordered ? 'u' : ''}${traits?.widenedFromFloat ? 'f' : ''}${rules.stringPrefixLength}`
  return { key: [...physicalPath, typeName(leaf.type), flags].join('\u001f'), physicalPath, rules }
}

/** Collects the statistics of one column, a row at a time and in ascending order. */
export class ColumnStatsBuilder {
  readonly #lower: BoundColumn | undefined
  readonly #upper: BoundColumn | undefined
  readonly #nullCount: Float64Array
  readonly #holds: Uint8Array
  readonly #nothingKnown: number
  readonly #isTimestamp: boolean

  constructor(rules: BoundRules, length: number) {
    const bounded = hasBounds(rules)
    this.#lower = bounded ? boundColumn(rules.type, length) : undefined
    this.#upper = bounded ? boundColumn(rules.type, length) : undefined
    this.#nullCount = new Float64Array(length).fill(Number.NaN)
    const floating = rules.type === 'float' || rules.type === 'double'
    this.#isTimestamp = rules.type === 'timestamp' || rules.type === 'timestamptz'
    this.#nothingKnown = floating ? HOLDS_ANYTHING : HOLDS_ANYTHING & ~HOLDS_NANS
    this.#holds = new Uint8Array(length).fill(this.#nothingKnown)
  }

  get hasBounds(): boolean {
    return this.#lower !== undefined
  }

  setBounds(row: number, lower: Value | null, upper: Value | null, records: number): void {
    if (lower !== null) this.#lower?.set(row, this.#trusted(lower, upper, records))
    if (upper !== null) this.#upper?.set(row, upper)
    // The one row of a file is its minimum, which is a number here.
    if (records === 1 && (lower !== null || upper !== null)) this.#holds[row]! &= ~HOLDS_NANS
  }

  /**
   * Early delta-rs recorded no minimum of some timestamps, and the maximum in its place of others: where both are one
   * millisecond and there are several rows, the minimum counts to the second.
   */
  #trusted(lower: Value, upper: Value | null, records: number): Value {
    if (!this.#isTimestamp || records === 1 || upper === null) return lower
    const least = lower as bigint
    return (upper as bigint) - least < 1000n ? floorDivide(least, 1_000_000n) * 1_000_000n : least
  }

  /**
   * After the bounds. Only the extremes of a null count mean something: under a deletion vector it counts deleted rows
   * too (PROTOCOL.md, "Per-file Statistics", tightBounds), and then 0 and all are still 0 and all.
   */
  setNulls(row: number, nulls: number, records: number): void {
    if (!(nulls >= 0)) return
    this.#nullCount[row] = nulls
    if (nulls === 0) this.#holds[row]! &= ~HOLDS_NULLS
    if (nulls === records) this.#holds[row]! &= HOLDS_NULLS
  }

  finish(): ColumnStats {
    return {
      holds: this.#holds,
      nullCount: this.#nullCount,
      ...(this.#lower === undefined ? {} : { lower: this.#lower.finish() }),
      ...(this.#upper === undefined ? {} : { upper: this.#upper.finish() }),
    }
  }
}

/** What every row of a VOID column holds, whatever files say. */
export function onlyNulls(length: number): ColumnStats {
  return { holds: new Uint8Array(length).fill(HOLDS_NULLS) }
}
