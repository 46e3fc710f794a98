import { open } from 'node:fs/promises'
import { requireFooterRows } from '@spillway/encoding'

const FIRST_BYTES = 64 * 1024
const TRAILER_BYTES = 8
/** Footers that are read side by side. */
export const FOOTERS_AT_ONCE = 16
const MAX_BYTES = 512 * 1024 * 1024

/**
 * The Thrift FileMetaData of a file on this disk; undefined where there is none in the clear, which its reader will say. One that
 * lost rows is refused: DuckDB reads the row groups that it finds, whatever the footer says of rows.
 */
export async function localFooter(path: string): Promise<Uint8Array | undefined> {
  const footer = await footerBytes(path)
  if (footer !== undefined) requireFooterRows(footer, path)
  return footer
}

async function footerBytes(path: string): Promise<Uint8Array | undefined> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const tail = await read(Math.max(0, size - FIRST_BYTES), size)
    if (tail.subarray(-4).toString('latin1') !== 'PAR1') return undefined
    const length = tail.readUInt32LE(tail.length - TRAILER_BYTES)
    if (length > Math.min(size - TRAILER_BYTES, MAX_BYTES)) return undefined
    const end = tail.length - TRAILER_BYTES
    if (length <= end) return tail.subarray(end - length, end)
    return await read(size - TRAILER_BYTES - length, size - TRAILER_BYTES)
  } finally {
    await handle.close()
  }

  async function read(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.alloc(end - start)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
    return bytes.subarray(0, bytesRead)
  }
}
