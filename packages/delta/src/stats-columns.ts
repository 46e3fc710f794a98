import {
  type ColumnStats,
  type FieldPath,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  leafOf,
  typeName,
} from '@spillway/core'
import { type BoundColumn, boundColumn } from './bound-column.js'
import { type BoundRules, hasBounds } from './bound-value.js'
import type { DeltaMetadata } from './metadata.js'

/** A column of which statistics are asked: where files record it, and how to understand what they say. */
export interface StatsColumn {
  /** Names this evidence whatever schema asks for it: the physical path and the type it is read at. */
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

/** Collects the evidence about one column, a row at a time and in ascending order. */
export class ColumnStatsBuilder {
  readonly lower: BoundColumn | undefined
  readonly upper: BoundColumn | undefined
  readonly nullCount: Float64Array
  readonly #holds: Uint8Array
  readonly #nothingKnown: number

  constructor(rules: BoundRules, length: number) {
    const bounded = hasBounds(rules)
    this.lower = bounded ? boundColumn(rules.type, length) : undefined
    this.upper = bounded ? boundColumn(rules.type, length) : undefined
    this.nullCount = new Float64Array(length).fill(Number.NaN)
    const floating = rules.type === 'float' || rules.type === 'double'
    this.#nothingKnown = floating ? HOLDS_ANYTHING : HOLDS_ANYTHING & ~HOLDS_NANS
    this.#holds = new Uint8Array(length).fill(this.#nothingKnown)
  }

  /**
   * Only the extremes of a null count mean something: under a deletion vector it counts deleted rows too
   * (PROTOCOL.md, "Per-file Statistics", tightBounds), and then 0 and all are still 0 and all.
   */
  countNulls(row: number, nulls: number, records: number): void {
    if (!(nulls >= 0)) return
    this.nullCount[row] = nulls
    let holds = this.#nothingKnown
    if (nulls === 0) holds &= ~HOLDS_NULLS
    if (nulls === records) holds &= HOLDS_NULLS
    this.#holds[row] = holds
  }

  finish(): ColumnStats {
    return {
      holds: this.#holds,
      nullCount: this.nullCount,
      ...(this.lower === undefined ? {} : { lower: this.lower.finish() }),
      ...(this.upper === undefined ? {} : { upper: this.upper.finish() }),
    }
  }
}

/** What every row of a VOID column holds, whatever files say. */
export function onlyNulls(length: number): ColumnStats {
  return { holds: new Uint8Array(length).fill(HOLDS_NULLS) }
}
