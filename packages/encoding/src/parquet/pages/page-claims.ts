import { FormatError } from '../../bytes/format-error.js'
import { integer, readThriftStruct, type ThriftStruct } from '../../thrift/thrift.js'
import { reportingPath } from '../footer/parquet-error.js'
import { parseParquetMetadata } from '../footer/parquet-footer.js'
import type { ParquetChunk } from '../footer/parquet-metadata.js'
import { checkClaim } from './parquet-codec.js'

/** Bytes from `start` on up to `end`, or as many as there are. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>

/** What is read at once: more than nearly every header, and many pages where they are small, since a read costs more than bytes. */
const WINDOW_BYTES = 128 * 1024

/** Values that a page may claim whatever its chunk has: they cost little, and not every writer counts its values well. */
const FEW_VALUES = 1 << 20

/** Early writers left the header of the dictionary page out of a chunk's length (PARQUET-816). */
const UNCOUNTED_BYTES = 4096

const HEADERS = [
  { id: 5, counts: true },
  { id: 8, counts: true },
  { id: 7, counts: false },
] as const

/**
 * Refuses a file one of whose page headers claims many more values or bytes than its column chunk has (parquet.thrift, PageHeader):
 * engines that read it by themselves take memory by what headers claim. `footer` is the Thrift FileMetaData. What else is wrong
 * with a page or the footer is left to who reads them.
 */
export async function requirePageClaims(
  footer: Uint8Array,
  read: ReadBytes,
  path: string,
): Promise<void> {
  const { rowGroups, chunks } = chunksOf(footer, path)
  const headers = new Headers(read)
  for (const rowGroup of rowGroups) {
    for (const chunk of chunks(rowGroup)) await requireChunk(chunk, headers, path)
  }
}

function chunksOf(footer: Uint8Array, path: string) {
  try {
    const metadata = parseParquetMetadata(footer, path)
    const rowGroups = [...metadata.footer.rowGroups.keys()]
    const all = rowGroups.map(rowGroup => metadata.chunks(rowGroup))
    return { rowGroups, chunks: (rowGroup: number) => all[rowGroup]! }
  } catch {
    return { rowGroups: [], chunks: () => [] }
  }
}

async function requireChunk(chunk: ParquetChunk, headers: Headers, path: string): Promise<void> {
  let values = 0
  for (let at = chunk.start; at < chunk.end && values < chunk.valueCount; ) {
    const header = await headers.at(at)
    if (header === undefined) return
    const size = integer(header.struct.get(3)) ?? -1
    reportingPath(path, () => {
      const left = chunk.end - header.end
      if (size < 0 || size > left + UNCOUNTED_BYTES) {
        throw new FormatError(`a page of ${size} bytes, ${left} are left`)
      }
      values += countedBy(header.struct, size, chunk)
      if (values > Math.max(chunk.valueCount, FEW_VALUES)) {
        throw new FormatError(
          `a column chunk of ${chunk.valueCount} values whose pages claim ${values}`,
        )
      }
    })
    at = header.end + size
  }
}

/** The values that a page adds to its chunk. */
function countedBy(header: ThriftStruct, size: number, { codec }: ParquetChunk): number {
  const inflated = integer(header.get(2)) ?? 0
  checkClaim(codec, size, inflated)
  const own = HEADERS.find(({ id }) => header.has(id))
  const part = own && header.get(own.id)
  const count = part instanceof Map ? (integer(part.get(1)) ?? 0) : 0
  if (own?.counts) return count
  // A value of a dictionary takes a byte at least.
  if (count > inflated) {
    throw new FormatError(`a dictionary of ${count} values in ${inflated} bytes`)
  }
  return 0
}

class Headers {
  readonly #read: ReadBytes
  #window: Uint8Array = new Uint8Array(0)
  #start = 0

  constructor(read: ReadBytes) {
    this.#read = read
  }

  /** The page header at `at` and where it ends; undefined where there is none, or a longer one than any. */
  async at(at: number): Promise<{ struct: ThriftStruct; end: number } | undefined> {
    const isHere = at >= this.#start && at < this.#start + this.#window.length
    const here = isHere ? parsed(this.#window, at - this.#start) : undefined
    if (here !== undefined) return { struct: here.struct, end: this.#start + here.end }
    this.#window = await this.#read(at, at + WINDOW_BYTES)
    this.#start = at
    const found = parsed(this.#window, 0)
    return found && { struct: found.struct, end: at + found.end }
  }
}

function parsed(bytes: Uint8Array, start: number) {
  try {
    return readThriftStruct(bytes, start)
  } catch {
    return undefined
  }
}
