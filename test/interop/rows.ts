import type { Snapshot } from '@spillway/core'
import { type Json, rowJson } from '@spillway/rows'
import type { Composition } from 'spillway'

/** Rows as one text each, sorted: what two engines read is then compared as it is. */
export function rowTexts(rows: readonly (readonly Json[])[]): readonly string[] {
  return rows.map(row => JSON.stringify(row.map(ordered))).sort()
}

export async function snapshotRows(snapshot: Snapshot, { rows }: Composition): Promise<string[]> {
  const answer = rows.rows(snapshot)
  const found: (readonly Json[])[] = []
  for await (const block of answer.rows)
    for (const row of block) found.push(rowJson(row, answer.fields))
  return [...rowTexts(found)]
}

/** Objects with sorted keys, maps in one order, and one zero: what is equal has equal text. */
function ordered(value: Json): Json {
  if (Array.isArray(value)) {
    const items = value.map(ordered)
    const isMap = items.some(item => item !== null && typeof item === 'object' && 'key' in item)
    return isMap ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items
  }
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value
  const entries = Object.entries(value as Readonly<Record<string, Json>>)
  return Object.fromEntries(entries.sort().map(([key, each]) => [key, ordered(each)]))
}
