import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { TableError } from '@spillway/core'
import type { SqlParameter } from '@spillway/duckdb'
import type { ShareSession } from '../recipient/share-session.js'
import { canvasOf } from '../terminal/canvas.js'
import { formatCount } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import type { Terminal } from '../terminal/terminal.js'
import { streamToFile, writeWholeFile } from './output-file.js'
import { parquetSelect } from './parquet-select.js'
import type { OutputMode, ParquetCompression } from './result-forms.js'
import { writeResult } from './write-result.js'

export type FileFormat = 'parquet' | Exclude<OutputMode, 'table'>

const FORMATS: Readonly<Record<string, FileFormat>> = {
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.json': 'json',
  '.jsonl': 'json',
  '.ndjson': 'json',
}

/** What a file's name says it holds. */
export function formatOfFile(path: string): FileFormat {
  const format = FORMATS[extname(path).toLowerCase()]
  if (format !== undefined) return format
  throw new TableError(
    'INVALID_REQUEST',
    `expected a file that ends in ${Object.keys(FORMATS).join(', ')}, found ${path}`,
  )
}

export interface FileRequest {
  readonly path: string
  readonly force: boolean
  readonly format: FileFormat
  readonly compression?: ParquetCompression
  readonly limit?: number | undefined
  readonly parameters?: Readonly<Record<string, SqlParameter>> | undefined
}

export interface FileWritten {
  readonly rows: bigint
  readonly bytes: number
  readonly milliseconds: number
}

/** Writes what `sql` answers into a file; the file is there when it is whole, and not before. */
export async function writeTableFile(
  session: ShareSession,
  sql: string,
  { request, terminal }: { readonly request: FileRequest; readonly terminal: Terminal },
): Promise<FileWritten> {
  const start = performance.now()
  const write = request.format === 'parquet' ? writeParquet : writeStream
  const rows = await write(session, sql, { request, terminal })
  const { size } = await stat(request.path)
  return { rows, bytes: size, milliseconds: performance.now() - start }
}

interface FileTask {
  readonly request: FileRequest
  readonly terminal: Terminal
}

/** DuckDB's own writer, a row group at a time. */
function writeParquet(
  session: ShareSession,
  sql: string,
  { request, terminal }: FileTask,
): Promise<bigint> {
  const { path, force, compression = 'zstd', limit, parameters } = request
  const limited = limit === undefined ? sql : `SELECT * FROM (\n${sql}\n) LIMIT ${limit}`
  const options = { signal: terminal.signal, parameters }
  return writeWholeFile(path, { force }, unfinished =>
    withProgress(terminal, `writing ${path}`, async progress => {
      const select = await parquetSelect(session, limited, options)
      const target = `'${unfinished.replaceAll("'", "''")}'`
      const result = await session.query(
        `COPY (\n${select}\n) TO ${target} (FORMAT parquet, COMPRESSION ${compression})`,
        { ...options, progress },
      )
      try {
        let rows = 0n
        for await (const block of result.rawRows())
          for (const row of block) rows += BigInt(row[0] as bigint)
        return rows
      } finally {
        await result.close()
      }
    }),
  )
}

function writeStream(
  session: ShareSession,
  sql: string,
  { request, terminal }: FileTask,
): Promise<bigint> {
  const { path, force, limit, parameters } = request
  const mode = request.format as Exclude<FileFormat, 'parquet'>
  return streamToFile(path, { force }, sink =>
    withProgress(terminal, `writing ${path}`, async progress => {
      const result = await session.query(sql, {
        signal: terminal.signal,
        progress,
        parameters,
      })
      try {
        const { rows } = await writeResult(result, sink, {
          mode,
          limit,
          arrow: 'file',
          canvas: canvasOf(terminal),
          onRows: (_, written) => progress.say(`writing ${path}: ${formatCount(written, 'row')}`),
        })
        return BigInt(rows)
      } finally {
        await result.close()
      }
    }),
  )
}
