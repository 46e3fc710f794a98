import { TableError } from '@spillway/core'
import type { SharedFile } from '../share/open-scan.js'
import { GAP_BYTES } from './byte-ranges.js'
import type { ByteSource, RemoteObject } from './byte-source.js'
import type { AccessRequest } from './file-access.js'

export const PARQUET_MAGIC = new TextEncoder().encode('PAR1')

/** Footer, its length and the magic: what a Parquet file ends with. */
export function trailerOf(metadata: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(metadata.length + TRAILER_BYTES)
  bytes.set(metadata)
  new DataView(bytes.buffer).setUint32(metadata.length, metadata.length, true)
  bytes.set(PARQUET_MAGIC, metadata.length + 4)
  return bytes
}

/** Whose files they are, and what of them is read. */
export type FooterRequest = Pick<
  AccessRequest,
  'reader' | 'footers' | 'fields' | 'columns' | 'signal'
>

/** The end of a Parquet file. */
export interface Footer {
  /** Everything fetched, to the file's last byte. */
  readonly tail: Uint8Array
  /** Of it, the Thrift FileMetaData. */
  readonly metadata: Uint8Array
}

export const TRAILER_BYTES = 8
const MIN_BYTES = 12

/** Reads the end of a file, in a second request where the first was too short (Parquet, "File Format"). */
export async function fetchFooter(
  { reader, footers, fields, columns, signal }: FooterRequest,
  { key, id, file: { size } }: SharedFile,
): Promise<Footer> {
  if (size < MIN_BYTES) throw badFooter(id, `${size} bytes are too few`)
  const object = { key, size }
  // Less than a gap that is read along to save a request: so is all of the file.
  const isSmall = columns.length > 0 && size <= GAP_BYTES
  const start = isSmall ? 0 : Math.max(0, size - footers.guess(fields))
  const first = await reader.bytes(object, { start, end: size }, signal)
  const length = metadataLength(first, size, id)
  footers.found(length + TRAILER_BYTES)
  return wholeFooter(first, { reader, object, length, signal })
}

interface Begun {
  readonly reader: ByteSource
  readonly object: RemoteObject & { readonly size: number }
  readonly length: number
  readonly signal: AbortSignal | undefined
}

async function wholeFooter(
  first: Uint8Array,
  { reader, object, length, signal }: Begun,
): Promise<Footer> {
  const missing = length + TRAILER_BYTES - first.length
  if (missing <= 0) return footerOf(first, length)
  const start = object.size - length - TRAILER_BYTES
  const rest = await reader.bytes(object, { start, end: start + missing }, signal)
  const tail = new Uint8Array(rest.length + first.length)
  tail.set(rest)
  tail.set(first, rest.length)
  return footerOf(tail, length)
}

function footerOf(tail: Uint8Array, length: number): Footer {
  const end = tail.length - TRAILER_BYTES
  return { tail, metadata: tail.subarray(end - length, end) }
}

function metadataLength(tail: Uint8Array, size: number, id: string): number {
  const magic = tail.subarray(-4)
  if (!magic.every((byte, i) => byte === PARQUET_MAGIC[i])) {
    const text = new TextDecoder().decode(tail.subarray(-40)).replace(/\s+/g, ' ')
    throw badFooter(id, `it does not end in PAR1 but in ${JSON.stringify(text.slice(-20))}`)
  }
  const view = new DataView(tail.buffer, tail.byteOffset + tail.length - TRAILER_BYTES)
  const length = view.getUint32(0, true)
  if (length <= size - MIN_BYTES) return length
  throw badFooter(id, `its footer claims ${length} of ${size} bytes`)
}

function badFooter(id: string, reason: string): TableError {
  return new TableError('TABLE_CORRUPT', `a shared file is no Parquet file: ${reason}`, {
    context: { file: id },
  })
}
