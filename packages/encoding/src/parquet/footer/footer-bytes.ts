import {
  budgetsOf,
  type ObjectMeta,
  type ObjectStore,
  type ReadBudgets,
  readListed,
  requireWithin,
  TableError,
} from '@spillway/core'
import { badParquet } from './parquet-error.js'

const FIRST_READ = 64 * 1024
/** The length of the metadata and the magic that a file ends in. */
export const TRAILER = 8
export const MAGIC = 0x31524150
const ENCRYPTED_MAGIC = 0x45524150

export interface FooterReadOptions {
  /** Read at once from the end of the file; a longer footer takes a second read. 64 KiB by default. */
  readonly firstRead?: number
  readonly signal?: AbortSignal | undefined
}

/** The Thrift FileMetaData of a Parquet file: for callers that keep it and parse it when it is asked for. */
export async function readParquetFooterBytes(
  store: ObjectStore,
  file: Pick<ObjectMeta, 'path' | 'size'>,
  { firstRead = FIRST_READ, signal }: FooterReadOptions = {},
): Promise<Uint8Array> {
  const { path, size } = file
  if (size < TRAILER + 4) throw badParquet(path, `${size} bytes are too few`)
  const tail = await readRange(
    store,
    file,
    { start: Math.max(0, size - Math.max(firstRead, TRAILER)), end: size },
    signal,
  )
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  checkMagic(view.getUint32(tail.length - 4, true), path)
  const length = view.getUint32(tail.length - TRAILER, true)
  if (length > size - TRAILER) {
    throw badParquet(path, `its footer claims ${length} of ${size} bytes`)
  }
  requireFooter(length, path, budgetsOf(store))
  const end = size - TRAILER
  return length + TRAILER <= tail.length
    ? tail.subarray(tail.length - TRAILER - length, tail.length - TRAILER)
    : readRange(store, file, { start: end - length, end }, signal)
}

/** A footer of `observed` bytes, unless it is longer than the budget. */
export function requireFooter(observed: number, path: string, budgets: ReadBudgets): void {
  requireWithin(budgets, 'footerBytes', { what: 'a footer', observed, unit: 'bytes', path })
}

function checkMagic(magic: number, path: string): void {
  if (magic === ENCRYPTED_MAGIC) {
    throw new TableError('UNSUPPORTED_FEATURE', `${path} has an encrypted footer`, {
      context: { path },
    })
  }
  if (magic !== MAGIC) throw badParquet(path, 'it does not end in PAR1')
}

/** Exactly the bytes of `range`, or an error: an object that is missing or shorter than its metadata says. */
export async function readRange(
  store: ObjectStore,
  file: Pick<ObjectMeta, 'path' | 'size'>,
  range: { readonly start: number; readonly end: number },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { start, end } = range
  if (end < start || end > file.size) {
    throw badParquet(file.path, `bytes ${start} to ${end} of ${file.size} are asked for`)
  }
  const bytes = await readListed(store, file, { range: { start, end }, signal })
  if (bytes === undefined) throw badParquet(file.path, 'the file is missing')
  return bytes
}
