import { type RangedFile, readRange } from './ranged-file.js'

const END = 0x06054b50
const END_BYTES = 22
const MAX_COMMENT_BYTES = 0xffff
const LOCATOR = 0x07064b50
const LOCATOR_BYTES = 20
const LONG_END = 0x06064b50
const LONG_END_BYTES = 56
const ENTRY = 0x02014b50
const ENTRY_BYTES = 46
/** The longest directory that is read: a hundred thousand entries. */
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024

/** The names in the directory of a zip, by two or three reads; undefined where it has none that can be read. */
export async function zipNames(
  file: RangedFile,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> {
  const tailStart = Math.max(0, file.size - END_BYTES - MAX_COMMENT_BYTES - LOCATOR_BYTES)
  const tail = viewOf(await readRange(file, { start: tailStart, end: file.size }, signal))
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue
    if (at + END_BYTES + tail.getUint16(at + 20, true) !== tail.byteLength) continue
    const range = (await longRange(file, { tail, at }, signal)) ?? {
      start: tail.getUint32(at + 16, true),
      length: tail.getUint32(at + 12, true),
    }
    const end = range.start + range.length
    if (range.length > MAX_DIRECTORY_BYTES || end > file.size) return undefined
    return namesIn(viewOf(await readRange(file, { start: range.start, end }, signal)))
  }
  return undefined
}

interface DirectoryRange {
  readonly start: number
  readonly length: number
}

/** Of a zip beyond four gigabytes, whose end is described before the end. */
async function longRange(
  file: RangedFile,
  { tail, at }: { readonly tail: DataView; readonly at: number },
  signal: AbortSignal | undefined,
): Promise<DirectoryRange | undefined> {
  const locator = at - LOCATOR_BYTES
  if (locator < 0 || tail.getUint32(locator, true) !== LOCATOR) return undefined
  const start = Number(tail.getBigUint64(locator + 8, true))
  const end = viewOf(await readRange(file, { start, end: start + LONG_END_BYTES }, signal))
  if (end.byteLength < LONG_END_BYTES || end.getUint32(0, true) !== LONG_END) return undefined
  return {
    start: Number(end.getBigUint64(48, true)),
    length: Number(end.getBigUint64(40, true)),
  }
}

function namesIn(directory: DataView): readonly string[] | undefined {
  const names: string[] = []
  const utf8 = new TextDecoder()
  let at = 0
  while (at + ENTRY_BYTES <= directory.byteLength && directory.getUint32(at, true) === ENTRY) {
    const length = directory.getUint16(at + 28, true)
    const rest = directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true)
    const end = at + ENTRY_BYTES + length
    if (end + rest > directory.byteLength) return undefined
    names.push(
      utf8.decode(
        new Uint8Array(directory.buffer, directory.byteOffset + at + ENTRY_BYTES, length),
      ),
    )
    at = end + rest
  }
  return at === directory.byteLength ? names : undefined
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
