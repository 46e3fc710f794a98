import { isAscii, isUtf8 } from 'node:buffer'
import { type BytesColumn, type FoldedPaths, readBytes } from '@spillway/core'

/**
 * The first row whose bytes are no UTF-8; undefined where all are. Such a name would be read as another: what replaces its bytes is
 * a name too. All rows are looked at in one look, which is a thousandth of what it takes to look at each.
 */
function firstRowNotUtf8(column: BytesColumn): number | undefined {
  const { offsets, data } = column
  const rows = offsets.length - 1
  const [start, end] = [offsets[0]!, offsets[rows]!]
  const all = data.subarray(start, end)
  // Nearly always: then no row has to be looked at.
  if (isAscii(all) || (isUtf8(all) && beginsWithCharacters(column))) return undefined
  for (let row = 0; row < rows; row++) if (!isUtf8(readBytes(column, row))) return row
  return undefined
}

/** The first of paths that is no UTF-8: what they have in common is looked at once. */
export function firstPathNotUtf8(paths: FoldedPaths): number | undefined {
  if (areAscii(paths)) return undefined
  let first = 0
  for (const part of paths.parts()) {
    const row = firstRowNotUtf8(part)
    if (row !== undefined) return first + row
    first += part.offsets.length - 1
  }
  return undefined
}

function areAscii(paths: FoldedPaths): boolean {
  for (const piece of paths.pieces()) if (!isAscii(piece)) return false
  return true
}

/** Halves of a character in two rows would be a whole one in both together. */
function beginsWithCharacters({ offsets, data }: BytesColumn): boolean {
  const rows = offsets.length - 1
  for (let row = 1; row < rows; row++) {
    const at = offsets[row]!
    if (at < data.length && (data[at]! & 0xc0) === 0x80 && offsets[row + 1]! > at) return false
  }
  return true
}
