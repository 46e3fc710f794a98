/** What a file says of one of its columns, or of a field below one. */
export interface FoundColumn {
  readonly name: string
  readonly fieldId?: number | undefined
}

/** Positions of the columns of one level of a file, by what is asked of them. */
export interface ColumnIndex {
  /** The first with this field id. */
  withId(fieldId: number): number | undefined
  /** The first of exactly this name. */
  named(name: string): number | undefined
  /** All of this name in any case, in order. */
  alike(name: string): readonly number[]
}

// Derived from its key alone, and gone with it.
const indexes = new WeakMap<readonly FoundColumn[], ColumnIndex>()

/**
 * Made once for a list of columns, which must not change: every column of a table is looked for in it, and looking through
 * 30,000 of them for each of 30,000 took minutes.
 */
export function columnIndex(columns: readonly FoundColumn[]): ColumnIndex {
  const known = indexes.get(columns)
  if (known !== undefined) return known
  const index = makeIndex(columns)
  indexes.set(columns, index)
  return index
}

const NONE: readonly number[] = []

function makeIndex(columns: readonly FoundColumn[]): ColumnIndex {
  const byId = new Map<number, number>()
  const byName = new Map<string, number>()
  const byLowered = new Map<string, number[]>()
  for (const [i, { name, fieldId }] of columns.entries()) {
    if (fieldId !== undefined && !byId.has(fieldId)) byId.set(fieldId, i)
    if (!byName.has(name)) byName.set(name, i)
    const lowered = name.toLowerCase()
    const alike = byLowered.get(lowered)
    if (alike === undefined) byLowered.set(lowered, [i])
    else alike.push(i)
  }
  return {
    withId: fieldId => byId.get(fieldId),
    named: name => byName.get(name),
    alike: name => byLowered.get(name.toLowerCase()) ?? NONE,
  }
}
