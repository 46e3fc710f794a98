import {
  type Field,
  gt,
  gtEq,
  isNull,
  type JsonValue,
  lt,
  ltEq,
  or,
  type Predicate,
  parseJson,
} from '@spillway/core'
import type { DeltaFileAction } from '@spillway/protocol'

/** The first rows of a table in the order of one column. */
export interface TopRows {
  readonly field: Field
  readonly descending: boolean
  /** How many of them; those that OFFSET leaves out are counted. */
  readonly rows: number
}

/** Positions of files that may hold a row for which a predicate is true. */
export type MayMatch = (predicate: Predicate) => Promise<ReadonlySet<number>>

/**
 * Positions of the files that may hold one of the first rows, of those of a table. A file is left out only where others certainly
 * hold enough rows that come strictly before each of its own: a value is sought such that enough rows are at it or before it, and what is
 * behind it in every row, none of them null, is not among the first, however ties, later keys and nulls are ordered.
 *
 * The value is only a guess from the statistics; `mayMatch` proves from them, as pruning does, on which side of it a file is. Rows that
 * are counted are those of files without deletes whose statistics count rows and nulls.
 */
export async function topFiles(
  files: readonly DeltaFileAction[],
  top: TopRows,
  mayMatch: MayMatch,
): Promise<ReadonlySet<number>> {
  const all = new Set(files.keys())
  const facts = files.map(file => factsOf(file, top))
  const value = guessedValue(facts, top)
  if (value === undefined) return all
  const { name } = top.field
  const [isBehind, isNotBehind] = top.descending
    ? [lt(name, value), gtEq(name, value)]
    : [gt(name, value), ltEq(name, value)]
  const reachBehind = await mayMatch(isBehind)
  let certain = 0
  for (const [i, { rows }] of facts.entries()) if (!reachBehind.has(i)) certain += rows
  if (certain < top.rows) return all
  const kept = await mayMatch(or(isNotBehind, isNull(name)))
  return new Set([...all].filter(i => kept.has(i) || !reachBehind.has(i)))
}

interface FileFacts {
  /** Of the column the bound that is last in the order. */
  readonly last: string | undefined
  /** Live rows in which the column is not null, at least. */
  readonly rows: number
}

function factsOf(file: DeltaFileAction, { field, descending }: TopRows): FileFacts {
  const stats = statsOf(file)
  const recordCount = countOf(stats.numRecords)
  const hasDeletes = file.deletionVector !== undefined && file.deletionVector !== null
  const partition = file.partitionValues?.[field.physicalName]
  if (partition !== undefined) {
    const isValue = partition !== null && partition !== ''
    const rows = hasDeletes || !isValue ? 0 : recordCount
    return { last: isValue ? partition : undefined, rows }
  }
  const bounds = descending ? stats.minValues : stats.maxValues
  const last = textOf(memberOf(bounds, field.physicalName))
  const nulls = countOf(memberOf(stats.nullCount, field.physicalName), Number.POSITIVE_INFINITY)
  return { last, rows: hasDeletes ? 0 : Math.max(0, recordCount - nulls) }
}

function statsOf({ stats }: DeltaFileAction): Readonly<Record<string, JsonValue | undefined>> {
  if (typeof stats !== 'string') return {}
  try {
    const parsed = parseJson(stats)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Readonly<Record<string, JsonValue>>)
      : {}
  } catch {
    return {}
  }
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name)
    ? (value as { readonly [key: string]: JsonValue })[name]
    : undefined
}

function countOf(value: JsonValue | undefined, otherwise = 0): number {
  const count = typeof value === 'bigint' ? Number(value) : value
  return typeof count === 'number' && count >= 0 ? count : otherwise
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : undefined
}

/** The first bound at or before which the files count enough rows. That a text is misjudged here only leaves out fewer files. */
function guessedValue(facts: readonly FileFacts[], { field, descending, rows }: TopRows) {
  const counted = facts.flatMap(each => {
    const order = orderOf(each.last)
    return order === undefined || each.rows === 0 ? [] : { ...each, last: each.last!, order }
  })
  counted.sort((a, b) => (descending ? b.order - a.order : a.order - b.order))
  let found = 0
  for (const each of counted) {
    found += each.rows
    if (found >= rows) return descending ? each.last : roundedUp(each.last, field)
  }
  return undefined
}

function orderOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  const order = Number.isNaN(number) ? Date.parse(text) : number
  return Number.isNaN(order) ? undefined : order
}

/** Statistics of times are cut to milliseconds, so that the greatest value may be as much behind its bound. */
function roundedUp(text: string, { type }: Field): string {
  if (type !== 'timestamp' && type !== 'timestamptz') return text
  const time = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? text : new Date(time + 1).toISOString()
}
