/** Surviving row numbers in ascending order. */
export type Selection = Uint32Array

/** Every row of a table of `length` rows. */
export function selectAll(length: number): Selection {
  const rows = new Uint32Array(length)
  for (let row = 0; row < length; row++) rows[row] = row
  return rows
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
