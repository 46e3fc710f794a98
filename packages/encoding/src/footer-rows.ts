import { corrupt, reportingPath } from './parquet-footer.js'
import { ThriftSkimmer } from './thrift-skim.js'

/**
 * Refuses a footer that lost rows: one whose row groups do not have the rows that it states, or that goes on behind its end
 * (parquet-format, "File Metadata"). Readers that go by the row groups alone, as DuckDB does, would give fewer without an error.
 * `bytes` are the Thrift FileMetaData, of which little more is read.
 */
export function requireFooterRows(bytes: Uint8Array, path: string): void {
  reportingPath(path, () => {
    const found = skim(new ThriftSkimmer(bytes), bytes.length)
    if (found.left > 0 && !found.isSigned) {
      throw corrupt(path, `its metadata ends ${found.left} bytes before its footer does`)
    }
    // Rows of no columns need no row group.
    if (found.rows !== found.inGroups && found.elements > 1) {
      throw corrupt(path, `it says ${found.rows} rows, and its row groups ${found.inGroups}`)
    }
  })
}

const SCHEMA = 2
const ROW_COUNT = 3
const ROW_GROUPS = 4
const ENCRYPTION = 8
const ROWS_OF_GROUP = 3

function skim(footer: ThriftSkimmer, length: number) {
  const found = { rows: 0, inGroups: 0, elements: 0, isSigned: false, left: 0 }
  for (let id = footer.next(0); id > 0; id = footer.next(id)) {
    if (id === ROW_COUNT) found.rows = footer.integer() ?? Number.NaN
    else if (id === ROW_GROUPS) found.inGroups = rowsOfGroups(footer)
    else if (id === SCHEMA) found.elements = countOf(footer)
    else {
      // A signature follows the metadata of files with encrypted columns (Encryption.md, 5.5).
      if (id === ENCRYPTION) found.isSigned = true
      footer.skip()
    }
  }
  found.left = length - footer.offset
  return found
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

function countOf(footer: ThriftSkimmer): number {
  const count = footer.structCount()
  for (let left = count; left > 0; left--) {
    for (let id = footer.next(0); id > 0; id = footer.next(id)) footer.skip()
  }
  return count
}
