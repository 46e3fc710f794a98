import type { ParquetFooter } from './parquet-types.js'

/**
 * Columns that pandas wrote as a frame's index, by their names in the file: the footer's key `pandas` lists them, and
 * whoever reads the file with pyarrow into a frame has them for its index again, and not among its columns.
 */
export function pandasIndexes({
  keyValue,
  root,
}: Pick<ParquetFooter, 'keyValue' | 'root'>): ReadonlySet<string> {
  const text = keyValue.get('pandas')
  // A frame that is numbered from 0 has no column for it, but a range.
  if (text === undefined || !text.includes('index_columns')) return NONE
  const named = new Set(root.children.map(({ name }) => name))
  return new Set(listed(text).filter(name => named.has(name)))
}

const NONE: ReadonlySet<string> = new Set()

function listed(text: string): readonly string[] {
  try {
    const { index_columns: found } = JSON.parse(text) as { readonly index_columns?: unknown }
    return Array.isArray(found) ? found.filter(each => typeof each === 'string') : []
  } catch {
    // Whoever reads it with pandas hears of it.
    return []
  }
}
