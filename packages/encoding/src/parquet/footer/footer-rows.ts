import { ThriftSkimmer } from '../../thrift/thrift-skim.js'
import { MAGIC, TRAILER } from './footer-bytes.js'
import { badParquet, reportingPath } from './parquet-error.js'

/** What a footer says of its rows, twice, and of its own end. */
export interface FooterCounts {
  readonly rows: number
  readonly inGroups: number
  readonly hasColumns: boolean
  /** Bytes of the footer behind its metadata. */
  readonly left: number
  readonly isSigned: boolean
}

/**
 * Refuses a footer that lost rows: one whose row groups do not have the rows that it states, or that goes on behind its end
 * (parquet-format, "File Metadata").
 */
export function requireRows(
  path: string,
  { rows, inGroups, hasColumns, left, isSigned }: FooterCounts,
): void {
  // A signature follows the metadata of files with encrypted columns (Encryption.md, 5.5).
  if (left > 0 && !isSigned) {
    throw badParquet(path, `its metadata ends ${left} bytes before its footer does`)
  }
  // Rows of no columns need no row group.
  if (rows !== inGroups && hasColumns) {
    throw badParquet(path, `it says ${rows} rows, and its row groups ${inGroups}`)
  }
}

/**
 * The same of the Thrift FileMetaData alone, of which little more is read: for readers that go by the row groups, as DuckDB
 * does, and would give fewer rows without an error.
 */
export function requireFooterRows(bytes: Uint8Array, path: string): void {
  reportingPath(path, () => requireRows(path, skim(new ThriftSkimmer(bytes), bytes)))
}

/**
 * Bytes of a footer behind its metadata, which ends at `end`. None where a trailer of its own stands there: fastparquet writes a
 * shorter footer over a longer one and leaves the end of the file as it was, and all readers take it.
 */
export function bytesBehind(footer: Uint8Array, end: number): number {
  const left = footer.length - end
  if (left < TRAILER) return left
  const view = new DataView(footer.buffer, footer.byteOffset + end, TRAILER)
  return view.getUint32(0, true) === end && view.getUint32(4, true) === MAGIC ? 0 : left
}

const SCHEMA = 2
const ROW_COUNT = 3
const ROW_GROUPS = 4
const ENCRYPTION = 8
const ROWS_OF_GROUP = 3

function skim(footer: ThriftSkimmer, bytes: Uint8Array): FooterCounts {
  const found = { rows: 0, inGroups: 0, hasColumns: false, isSigned: false }
  for (let id = footer.next(0); id > 0; id = footer.next(id)) {
    if (id === ROW_COUNT) found.rows = footer.integer() ?? Number.NaN
    else if (id === ROW_GROUPS) found.inGroups = rowsOfGroups(footer)
    else if (id === SCHEMA) found.hasColumns = elementsOf(footer) > 1
    else {
      if (id === ENCRYPTION) found.isSigned = true
      footer.skip()
    }
  }
  return { ...found, left: bytesBehind(bytes, footer.offset) }
}

function rowsOfGroups(footer: ThriftSkimmer): number {
  let rows = 0
  for (let left = footer.structCount(); left > 0; left--) {
    for (let id = footer.next(0); id > 0; id = footer.next(id)) {
      if (id === ROWS_OF_GROUP) rows += footer.integer() ?? Number.NaN
      else footer.skip()
    }
  }
  return rows
}

/** The number of the schema's elements, its root among them. */
function elementsOf(footer: ThriftSkimmer): number {
  const count = footer.structCount()
  for (let left = count; left > 0; left--) {
    for (let id = footer.next(0); id > 0; id = footer.next(id)) footer.skip()
  }
  return count
}
