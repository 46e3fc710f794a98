/** Surviving row numbers in ascending order. */
export type Selection = Uint32Array

/** Every row of a table of `length` rows. */
export function selectAll(length: number): Selection {
  const rows = new Uint32Array(length)
  for (let row = 0; row < length; row++) rows[row] = row
  return rows
}

/** A batch's limit. */
const MOST_SHARED = 1 << 20

let ascending: Selection = new Uint32Array(0)

/**
 * `length` rows that follow each other, from `first` on, in memory that is shared by all who ask: nobody may write into it. What
 * is held for long, such as the live rows of a batch, takes nothing so.
 */
export function everyRow(length: number, first = 0): Selection {
  const end = first + length
  if (end > MOST_SHARED) {
    const rows = new Uint32Array(length)
    for (let i = 0; i < length; i++) rows[i] = first + i
    return rows
  }
  if (end > ascending.length) ascending = selectAll(1 << Math.ceil(Math.log2(Math.max(64, end))))
  return ascending.subarray(first, end)
}

/** Rows in either of two ascending selections. */
export function unionOf(a: Selection, b: Selection): Selection {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const merged = new Uint32Array(a.length + b.length)
  let count = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const left = a[i]!
    const right = b[j]!
    merged[count++] = Math.min(left, right)
    if (left <= right) i++
    if (right <= left) j++
  }
  while (i < a.length) merged[count++] = a[i++]!
  while (j < b.length) merged[count++] = b[j++]!
  return merged.subarray(0, count)
}

/** Rows of `rows` that are not in `without`; both ascending. */
export function except(rows: Selection, without: Selection): Selection {
  if (without.length === 0) return rows
  const kept = new Uint32Array(rows.length)
  let count = 0
  let j = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    while (j < without.length && without[j]! < row) j++
    if (j >= without.length || without[j] !== row) kept[count++] = row
  }
  return kept.subarray(0, count)
}
