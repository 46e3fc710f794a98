import { type FileBatch, pathParts, readString, Slices, type TableRoots } from '@spillway/core'

const utf8 = new TextEncoder()
const SLASH = 0x2f
const DOT = 0x2e
const PERCENT = 0x25

/**
 * Rows whose recorded paths alone do not prove that the files lie in a table's roots: they are to be resolved. A path that
 * begins as one before it did is compared byte by byte. In slices: a batch may have a million.
 */
export async function unprovenRows(
  batch: Pick<FileBatch, 'length' | 'path' | 'pathParts'>,
  { recordedRootOf }: Pick<TableRoots, 'recordedRootOf'>,
): Promise<Uint32Array> {
  const slices = new Slices()
  const found: number[] = []
  // Beginnings that prove where a path lies, as the paths spell them, the last found first.
  const roots: Uint8Array[] = []
  let relative = false
  let first = 0
  for (const path of pathParts(batch)) {
    const { offsets, data } = path
    const rows = Math.min(offsets.length - 1, batch.length - first)
    for (let row = 0; row < rows; row++) {
      if (slices.isOver) await slices.pause()
      const start = offsets[row]!
      const end = offsets[row + 1]!
      let at = 0
      while (at < roots.length && !isPlainlyBelow(data, start, end, roots[at]!)) at++
      if (at < roots.length) continue
      if (relative && isPlainlyRelative(data, start, end)) continue
      const root = recordedRootOf(readString(path, row))
      if (root === undefined) found.push(first + row)
      else if (root === '') relative = true
      else remember(roots, utf8.encode(root))
    }
    first += rows
  }
  return Uint32Array.from(found)
}

const MOST_ROOTS = 8

/** A path that must be looked at closely may begin as others did. */
function remember(roots: Uint8Array[], root: Uint8Array): void {
  const isKnown = roots.some(
    each => each.length === root.length && each.every((byte, i) => byte === root[i]),
  )
  if (isKnown) return
  roots.unshift(root)
  roots.splice(MOST_ROOTS)
}

/** True where the bytes begin with `root` and no name behind it could climb out of it. */
function isPlainlyBelow(data: Uint8Array, start: number, end: number, root: Uint8Array): boolean {
  const length = root.length
  if (end - start < length) return false
  for (let i = 0; i < length; i++) if (data[start + i] !== root[i]) return false
  return isPlain(data, start + length - 1, end)
}

const COLON = 0x3a

/** True for names between slashes, the first of them without what could be a scheme. */
function isPlainlyRelative(data: Uint8Array, start: number, end: number): boolean {
  if (start === end || data[start] === SLASH || data[start] === DOT) return false
  for (let i = start; i < end && data[i] !== SLASH; i++) if (data[i] === COLON) return false
  return isPlain(data, start, end)
}

/** No NUL, no name that begins with a dot, and none that may once it is decoded: `%2e`, `%2f`, `%00`. */
function isPlain(data: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = data[i]!
    // Letters, digits and most of what names are made of come behind the slash.
    if (byte > SLASH) continue
    if (byte === 0) return false
    if (byte === SLASH && data[i + 1] === DOT) return false
    if (byte === PERCENT && isEscaped(data[i + 1]!, data[i + 2]!)) return false
  }
  return true
}

function isEscaped(high: number, low: number): boolean {
  const letter = low | 0x20
  return (high === 0x32 && (letter === 0x65 || letter === 0x66)) || (high === 0x30 && low === 0x30)
}
