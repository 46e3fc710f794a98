import { open } from 'node:fs/promises'
import { type ReadBytes, requireFooterRows, requirePageClaims } from '@spillway/encoding'

const FIRST_BYTES = 64 * 1024
const TRAILER_BYTES = 8
/** Footers that are read side by side. */
export const FOOTERS_AT_ONCE = 16
const MAX_BYTES = 512 * 1024 * 1024

/**
 * The Thrift FileMetaData of a file on this disk; undefined where there is none in the clear, which its reader will say. A file
 * that lost rows is refused: DuckDB reads the row groups that it finds, whatever the footer says of rows. So is one whose pages
 * claim more than they can hold: DuckDB takes memory by that.
 */
export async function localFooter(path: string): Promise<Uint8Array | undefined> {
  const handle = await open(path)
  const read: ReadBytes = async (start, end) => {
    const bytes = Buffer.allocUnsafe(end - start)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
    return bytes.subarray(0, bytesRead)
  }
  try {
    const footer = await footerBytes(read, (await handle.stat()).size)
    if (footer === undefined) return undefined
    requireFooterRows(footer, path)
    await requirePageClaims(footer, read, path)
    return footer
  } finally {
    await handle.close()
  }
}

async function footerBytes(read: ReadBytes, size: number): Promise<Uint8Array | undefined> {
  const tail = await read(Math.max(0, size - FIRST_BYTES), size)
  if (tail.length < TRAILER_BYTES) return undefined
  if (Buffer.from(tail.subarray(-4)).toString('latin1') !== 'PAR1') return undefined
  const trailer = new DataView(tail.buffer, tail.byteOffset + tail.length - TRAILER_BYTES)
  const length = trailer.getUint32(0, true)
  if (length > Math.min(size - TRAILER_BYTES, MAX_BYTES)) return undefined
  const end = tail.length - TRAILER_BYTES
  if (length <= end) return tail.subarray(end - length, end)
  return await read(size - TRAILER_BYTES - length, size - TRAILER_BYTES)
}
