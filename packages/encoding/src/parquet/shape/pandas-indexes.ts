import { decodeText, isTableError, TableError } from '@spillway/core'
import { JsonSpan } from '../../json/json-span.js'
import type { ParquetFooter } from '../footer/parquet-metadata.js'

/**
 * Columns that pandas wrote as a frame's index, by their names in the file: the footer's key `pandas` lists them, and
 * whoever reads the file with pyarrow into a frame has them for its index again, and not among its columns.
 */
export function pandasIndexes({
  keyValue,
  root,
}: Pick<ParquetFooter, 'keyValue' | 'root'>): ReadonlySet<string> {
  const known = found.get(keyValue)
  if (known?.root === root) return known.indexes
  const indexes = indexesIn(keyValue.get('pandas'), root)
  found.set(keyValue, { root, indexes })
  return indexes
}

function indexesIn(
  text: string | undefined,
  { children }: ParquetFooter['root'],
): ReadonlySet<string> {
  // A frame that is numbered from 0 has no column for it, but a range.
  if (text === undefined || !text.includes('index_columns')) return NONE
  const named = new Set(children.map(({ name }) => name))
  return new Set(listed(text).filter(name => named.has(name)))
}

const NONE: ReadonlySet<string> = new Set()

/** The indexes of each footer, found once: whoever learns its shape asks, and so does whoever reads its facts. */
const found = new WeakMap<
  ParquetFooter['keyValue'],
  { readonly root: ParquetFooter['root']; readonly indexes: ReadonlySet<string> }
>()

/** Of a frame of some 80,000 columns. A look through it takes up to five milliseconds a megabyte, and nobody goes on meanwhile. */
const MOST_BYTES = 8 * 1024 * 1024
/** Pandas writes six or seven. */
const MOST_KEYS = 100
/** Keys and names of index columns: a few hundred in all of any frame. What is parsed takes far longer than what is passed over. */
const MOST_PARSED = 256 * 1024
const [COLON, COMMA, OPEN_OBJECT] = [0x3a, 0x2c, 0x7b]

/** What `index_columns` says: the rest, a few hundred bytes a column, is passed over and not parsed. */
function listed(text: string): readonly string[] {
  // Counted before any is made: the bytes may be three times the text.
  requirePassable(Buffer.byteLength(text), MOST_BYTES, 'bytes')
  const bytes = new TextEncoder().encode(text)
  const span = new JsonSpan(bytes)
  let listedNames: unknown
  let keys = 0
  let parsed = 0
  const piece = (most = bytes.length) => {
    const start = span.skipSpace()
    span.at = span.measure(most).end ?? bytes.length
    return bytes.subarray(start, span.at)
  }
  const isNext = (mark: number) => bytes[span.skipSpace()] === mark && span.at++ >= 0
  const parse = (): unknown => {
    const some = piece(MOST_PARSED + 1)
    parsed += some.length
    requirePassable(parsed, MOST_PARSED, 'bytes of keys and of index_columns')
    return JSON.parse(decodeText(some))
  }
  try {
    if (!isNext(OPEN_OBJECT)) return []
    do {
      requirePassable(++keys, MOST_KEYS, 'keys at its top')
      const key = parse()
      if (!isNext(COLON)) return []
      if (key === 'index_columns') listedNames = parse()
      else piece()
    } while (isNext(COMMA))
  } catch (error) {
    if (isTableError(error)) throw error
    // Whoever reads it with pandas hears of it.
    return []
  }
  return Array.isArray(listedNames) ? listedNames.filter(each => typeof each === 'string') : []
}

function requirePassable(observed: number, most: number, unit: string): void {
  if (observed <= most) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the footer's metadata of pandas has ${observed} ${unit}: no more than ${most} are read`,
  )
}
