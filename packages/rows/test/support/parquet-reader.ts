import {
  type Column,
  type DataType,
  leafKey,
  type ObjectMeta,
  type ObjectStore,
  type ParquetBatch,
  type ParquetLeaf,
  type ParquetReader,
  physicalKind,
  TableError,
} from '@spillway/core'
import { type ParquetFooter, type ParquetLeafInfo, readParquetFooter } from '@spillway/encoding'
import { readParquet } from '../../src/data-files/file-shape.js'
import { type LocalFilesOptions, localFiles } from '../../src/data-files/local-files.js'
import { type DuckDb, duckDb } from '../../src/session/duckdb.js'
import { type LeafSql, leafSql, parquetPaths } from './leaf-sql.js'
import { columnSink, listSink, type RowSink } from './vector-sink.js'

export interface DuckdbParquetReaderOptions extends LocalFilesOptions {
  readonly duckdb?: DuckDb
}

type ReadOptions = Parameters<ParquetReader['read']>[2]

/** A batch of files may have no more rows (see FileBatch). */
const MAX_BATCH_ROWS = 1 << 20

/**
 * Chosen leaves of a Parquet file, decoded by DuckDB on every core and streamed into columns. Files of other stores
 * are copied to this machine first, so it pays for large files alone.
 */
export function duckdbParquetReader(options: DuckdbParquetReaderOptions = {}): ParquetReader {
  const duckdb = options.duckdb ?? duckDb()
  return { read: (store, file, read) => readLeaves({ store, file, duckdb, options }, read) }
}

interface Source {
  readonly store: ObjectStore
  readonly file: ObjectMeta
  readonly duckdb: DuckDb
  readonly options: LocalFilesOptions
}

interface Wanted extends LeafSql {
  readonly key: string
  readonly info: ParquetLeafInfo
}

async function* readLeaves(
  { store, file, duckdb, options }: Source,
  { leaves, rowGroups, signal }: ReadOptions,
): AsyncGenerator<ParquetBatch, void, undefined> {
  const footer = await readParquetFooter(store, file, signal)
  const wanted = wantedLeaves(footer, leaves, file.path)
  const local = localFiles(store, options)
  const connection = await duckdb.connect()
  try {
    const [path] = await local.pathsOf([file], signal)
    const from = `${readParquet([path!])} t(${footer.root.children.map((_, i) => `c${i}`).join(', ')})`
    for (const run of runsOf(footer, rowGroups, file.path)) {
      const columns = wanted.map(({ sql }, i) => `${sql} AS o${i}`)
      const list = columns.length === 0 ? 'TRUE AS o0' : columns.join(', ')
      const rows = `file_row_number >= ${run.start} AND file_row_number < ${run.end}`
      const sinks = new BatchSinks(wanted)
      for await (const chunk of connection.stream(
        `SELECT ${list} FROM ${from} WHERE ${rows}`,
        signal,
      )) {
        sinks.add(chunk.rowCount, i => chunk.getColumnVector(i))
      }
      if (sinks.length !== run.end - run.start) throw shortRead(file.path, run, sinks.length)
      yield { rowGroup: run.rowGroup, length: sinks.length, leaves: sinks.finish() }
    }
  } finally {
    connection.close()
    await local.close()
  }
}

function wantedLeaves(
  footer: ParquetFooter,
  leaves: ReadOptions['leaves'],
  path: string,
): readonly Wanted[] {
  const known = parquetPaths(footer)
  return leaves.flatMap(wanted => {
    const key = leafKey(wanted)
    const found = known.get(key)
    if (found === undefined) return []
    const info = footer.leaves[found.leaf]!
    return [{ key, info, ...leafSql(found, info.type, path) }]
  })
}

interface Run {
  readonly rowGroup: number
  readonly start: number
  readonly end: number
}

/** Row ranges of the wanted groups, none longer than a batch may be. */
function* runsOf(
  { rowGroups }: ParquetFooter,
  wanted: readonly number[] | undefined,
  path: string,
): Generator<Run> {
  const starts: number[] = []
  let next = 0
  for (const { rowCount } of rowGroups) {
    starts.push(next)
    next += rowCount
  }
  for (const rowGroup of wanted ?? rowGroups.keys()) {
    const group = rowGroups[rowGroup]
    if (group === undefined) {
      throw new TableError(
        'TABLE_CORRUPT',
        `row group ${rowGroup} of ${rowGroups.length} in ${path}`,
        {
          context: { path },
        },
      )
    }
    const end = starts[rowGroup]! + group.rowCount
    for (let start = starts[rowGroup]!; start < end; start += MAX_BATCH_ROWS) {
      yield { rowGroup, start, end: Math.min(end, start + MAX_BATCH_ROWS) }
    }
  }
}

function shortRead(path: string, { rowGroup, start, end }: Run, found: number): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `expected ${end - start} rows in row group ${rowGroup} of ${path}, found ${found}`,
    { context: { path } },
  )
}

/** One sink a leaf, filled chunk by chunk. */
class BatchSinks {
  readonly #wanted: readonly Wanted[]
  readonly #sinks: readonly RowSink[]
  length = 0

  constructor(wanted: readonly Wanted[]) {
    this.#wanted = wanted
    this.#sinks = wanted.map(({ info, repeated }) =>
      repeated ? listSink(kindOf(info.type)) : columnSink(kindOf(info.type)),
    )
  }

  add(rows: number, vectorOf: (column: number) => unknown): void {
    for (const [i, sink] of this.#sinks.entries()) sink.add(vectorOf(i), rows)
    this.length += rows
  }

  finish(): ReadonlyMap<string, ParquetLeaf> {
    return new Map(
      this.#wanted.map(({ key, info }, i) => {
        const { column, offsets } = this.#sinks[i]!.finish()
        return [
          key,
          { column: column satisfies Column, type: info.type, ...(offsets && { offsets }) },
        ]
      }),
    )
  }
}

function kindOf(type: DataType) {
  return physicalKind(type) ?? 'bytes'
}
