import {
  type ColumnStats,
  columnBuilder,
  createSchema,
  type Field,
  leafOf,
  type Predicate,
  type PrimitiveType,
  type Schema,
  type StatsTable,
  type Value,
} from '@spillway/core'
import { bind, matchesAll, prune, rewriteNot } from '@spillway/planner'

export function field(id: number, name: string, type: Field['type']): Field {
  return { id, name, physicalName: name, type, nullable: true }
}

export function oneColumn(type: Field['type']): Schema {
  return createSchema([field(1, 'c', type)])
}

/** One row of statistics: `holds` as letters (v, n, N for NaN), anything where absent. */
export interface Statistics {
  readonly holds?: string
  readonly lower?: Value | null
  readonly upper?: Value | null
  readonly bucketCount?: number
}

export function statsOf(schema: Schema, statistics: Statistics): StatsTable {
  const type = leafOf([schema.fields[0]!]).type as PrimitiveType
  const { holds, lower, upper, bucketCount } = statistics
  const column = (
    value: Value | null | undefined,
  ): Partial<Record<'column', ColumnStats['lower']>> => {
    if (value === undefined) return {}
    const builder = columnBuilder(bucketCount === undefined ? type : 'int')!
    builder.append(value)
    return { column: builder.finish() }
  }
  const low = column(lower).column
  const high = column(upper).column
  const entry: ColumnStats = {
    ...(holds === undefined ? {} : { holds: Uint8Array.of(bitsOf(holds)) }),
    ...(low === undefined ? {} : { lower: low }),
    ...(high === undefined ? {} : { upper: high }),
    ...(bucketCount === undefined ? {} : { bucketCount }),
  }
  return { length: 1, recordCount: Float64Array.of(10), columns: new Map([[1, [entry]]]) }
}

function bitsOf(letters: string): number {
  return [...letters].reduce((bits, letter) => bits | { v: 1, n: 2, N: 4 }[letter]!, 0)
}

/** What pruning makes of one file of a table with the column `c`. */
export function verdict(
  type: Field['type'],
  statistics: Statistics,
  predicate: Predicate,
): 'kept' | 'pruned' {
  const schema = oneColumn(type)
  const bound = rewriteNot(bind(predicate, schema).predicate)
  return prune(bound, statsOf(schema, statistics), Uint32Array.of(0)).length === 1
    ? 'kept'
    : 'pruned'
}

/** True where every row of the file is said to match. */
export function isCertain(
  type: Field['type'],
  statistics: Statistics,
  predicate: Predicate,
): boolean {
  const schema = oneColumn(type)
  const bound = rewriteNot(bind(predicate, schema).predicate)
  return matchesAll(bound, statsOf(schema, statistics), Uint32Array.of(0)).length === 1
}
