import { type BytesColumn, readString } from '@spillway/core'
import type { TableRoots } from './inside-root.js'

const utf8 = new TextEncoder()
const SLASH = 0x2f
const DOT = 0x2e
const PERCENT = 0x25

/** Rows whose paths lie outside `roots`: a path that begins as one before it did is compared byte by byte. */
export function outsideRows(
  path: BytesColumn,
  length: number,
  { rootOf }: Pick<TableRoots, 'rootOf'>,
): Uint32Array {
  const { offsets, data } = path
  const found: number[] = []
  // Roots as the paths spell them, the last found first.
  const spelled: Uint8Array[] = []
  for (let row = 0; row < length; row++) {
    let at = 0
    while (at < spelled.length) {
      if (isPlainlyBelow(data, offsets[row]!, offsets[row + 1]!, spelled[at]!)) break
      at++
    }
    if (at < spelled.length) continue
    const root = rootOf(readString(path, row))
    if (root === undefined) found.push(row)
    else remember(spelled, utf8.encode(root))
  }
  return Uint32Array.from(found)
}

const MOST_SPELLINGS = 8

/** A path that must be looked at closely may begin as others did. */
function remember(spelled: Uint8Array[], root: Uint8Array): void {
  const isKnown = spelled.some(
    each => each.length === root.length && each.every((b, i) => b === root[i]),
  )
  if (isKnown) return
  spelled.unshift(root)
  spelled.splice(MOST_SPELLINGS)
}

/** True where the bytes begin with `root` and no name behind it begins in a way that could climb out of it. */
function isPlainlyBelow(data: Uint8Array, start: number, end: number, root: Uint8Array): boolean {
  const length = root.length
  if (end - start < length) return false
  for (let i = 0; i < length; i++) if (data[start + i] !== root[i]) return false
  for (let i = start + length - 1; i < end; i++) {
    const byte = data[i]!
    // Letters, digits and most of what names are made of come behind the slash.
    if (byte > SLASH) continue
    if (byte === 0) return false
    if (byte === SLASH && (data[i + 1] === DOT || data[i + 1] === PERCENT)) return false
  }
  return true
}
