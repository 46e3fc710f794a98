import { decodeText, TableError } from '@spillway/core'
import { JsonSpan } from './json-span.js'
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

/** Of a frame of as many columns as a table may have, about. */
const MOST_BYTES = 32 * 1024 * 1024
const [COLON, COMMA, OPEN_OBJECT] = [0x3a, 0x2c, 0x7b]

/** What `index_columns` says: the rest, a few hundred bytes a column, is passed over and not parsed. */
function listed(text: string): readonly string[] {
  const bytes = new TextEncoder().encode(text)
  requirePassable(bytes.length)
  const span = new JsonSpan(bytes)
  let found: unknown
  try {
    const piece = () => {
      const start = span.skipSpace()
      span.at = span.measure(bytes.length).end ?? bytes.length
      return bytes.subarray(start, span.at)
    }
    const isNext = (mark: number) => bytes[span.skipSpace()] === mark && span.at++ >= 0
    if (!isNext(OPEN_OBJECT)) return []
    do {
      const key: unknown = JSON.parse(decodeText(piece()))
      if (!isNext(COLON)) return []
      const value = piece()
      if (key === 'index_columns') found = JSON.parse(decodeText(value))
    } while (isNext(COMMA))
  } catch {
    // Whoever reads it with pandas hears of it.
    return []
  }
  return Array.isArray(found) ? found.filter(each => typeof each === 'string') : []
}

function requirePassable(observed: number): void {
  if (observed <= MOST_BYTES) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the footer's metadata of pandas has ${observed} bytes: no more than ${MOST_BYTES} are read`,
  )
}
