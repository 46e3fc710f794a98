import { isAscii } from 'node:buffer'
import {
  type BytesColumn,
  decodeText,
  type FoldedPaths,
  isValid,
  readBytes,
  type Selection,
} from '@spillway/core'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Bytes between wanted rows that may be decoded along with them. */
const MAX_WASTE = 4

/**
 * Texts of some rows; undefined where null. ASCII texts that lie close together are decoded in one go and cut: a block
 * of an answer has thousands of them.
 */
export function blockTexts(column: BytesColumn, rows: Selection): (string | undefined)[] {
  if (rows.length === 0) return []
  const { offsets, data } = column
  const start = offsets[rows[0]!]!
  const end = offsets[rows[rows.length - 1]! + 1]!
  let wanted = 0
  for (let i = 0; i < rows.length; i++) wanted += offsets[rows[i]! + 1]! - offsets[rows[i]!]!
  const span = data.subarray(start, Math.max(start, end))
  if (span.length > wanted * MAX_WASTE || !isAscii(span)) {
    return Array.from(rows, row =>
      isValid(column, row) ? utf8.decode(readBytes(column, row)) : undefined,
    )
  }
  const text = Buffer.from(span.buffer, span.byteOffset, span.byteLength).toString('latin1')
  return Array.from(rows, row => {
    if (!isValid(column, row)) return undefined
    return text.slice(offsets[row]! - start, offsets[row + 1]! - start)
  })
}

/** Rows between wanted ones whose paths may be unfolded along with theirs. */
const MAX_GAPS = 3

/** The paths of some rows. */
export function pathTexts(paths: FoldedPaths, rows: Selection): (string | undefined)[] {
  if (rows.length === 0) return []
  const first = rows[0]!
  const end = rows[rows.length - 1]! + 1
  if (end - first > rows.length * MAX_GAPS) {
    return Array.from(rows, row => decodeText(paths.bytes(row)))
  }
  return blockTexts(
    paths.span(first, end),
    rows.map(row => row - first),
  )
}
