import { TableError } from '@spillway/core'
import type { ShareExplanation, SqlParameter } from '@spillway/duckdb'
import type { Row } from '@spillway/rows'
import type { ShareSession } from '../recipient/share-session.js'
import { canvasOf } from '../terminal/canvas.js'
import { formatCount, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { type Terminal, writeChunk } from '../terminal/terminal.js'
import { type HeldRows, ROWS_HELD } from './result-chart.js'
import type { OutputMode } from './result-forms.js'
import { limitedSql } from './sql-text.js'
import { type Sink, type Written, writeResult } from './write-result.js'

/** Rows of a table that a person is shown unless asked for more. */
const ROWS_SHOWN = 100

export interface SqlRun {
  readonly mode: OutputMode
  /** Undefined for the default of the mode; infinite for every row. */
  readonly limit?: number | undefined
  readonly parameters?: Readonly<Record<string, SqlParameter>> | undefined
  readonly signal: AbortSignal
  /** Told of the first rows. */
  readonly onHeld?: (held: HeldRows) => void
}

export interface SqlAnswered extends Written {
  readonly explanation: ShareExplanation
  readonly milliseconds: number
}

/** Runs one statement and writes its rows as they come; a table when it is whole. */
export async function runSql(
  session: ShareSession,
  sql: string,
  { run, terminal }: { readonly run: SqlRun; readonly terminal: Terminal },
): Promise<SqlAnswered> {
  const start = performance.now()
  const limit = run.limit ?? (run.mode === 'table' ? ROWS_SHOWN : Number.POSITIVE_INFINITY)
  // One row more tells whether there are more.
  const asked = Number.isFinite(limit) ? limitedSql(sql, limit + 1) : sql
  const held: (string | Uint8Array)[] = []
  const output = outputOf(run.mode, terminal)
  const first: Row[] = []
  const hold: Sink = async chunk => void held.push(chunk)
  const { parameters, signal } = run
  const answered = await withProgress(terminal, 'asking the provider', async progress => {
    const result = await session.query(asked, {
      signal,
      progress,
      parameters,
    })
    try {
      const options = {
        mode: run.mode,
        limit,
        canvas: tableCanvas(terminal),
        onRows(rows: readonly Row[], written: number) {
          if (first.length < ROWS_HELD) first.push(...rows.slice(0, ROWS_HELD - first.length))
          progress.say(formatCount(written, 'row'))
        },
      }
      const written = await writeResult(result, run.mode === 'table' ? hold : output, options)
      run.onHeld?.({ columns: result.columns, rows: first })
      return { ...written, explanation: result.explanation }
    } finally {
      await result.close()
    }
  })
  for (const chunk of held) await output(chunk)
  return { ...answered, milliseconds: performance.now() - start }
}

/** A table's text may hold escapes that would take over a terminal; a pipe gets every character. */
export function outputOf(mode: OutputMode, { stdout }: Terminal): Sink {
  if (stdout.isTTY !== true || mode === 'table') return chunk => writeChunk(stdout, chunk)
  if (mode === 'arrow') {
    throw new TableError(
      'INVALID_REQUEST',
      'Arrow is for programs, and this is a terminal: send it into a pipe or a file',
    )
  }
  return chunk => writeChunk(stdout, String(chunk).split('\n').map(printable).join('\n'))
}

/** Where nobody looks, nothing is cut. */
function tableCanvas(terminal: Terminal) {
  const canvas = canvasOf(terminal)
  return terminal.stdout.isTTY === true ? canvas : { ...canvas, width: Number.POSITIVE_INFINITY }
}

/** `all` is no limit; undefined is the mode's own. */
export function rowLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text.toLowerCase() === 'all') return Number.POSITIVE_INFINITY
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new TableError('INVALID_REQUEST', `expected a number of rows or all, found ${text}`)
}

/** What stands below a table. */
export function summaryText(
  { rows, more, hidden, milliseconds }: SqlAnswered,
  options: { readonly timer: boolean; readonly moreHint: string },
): string {
  return [
    more
      ? `first ${formatCount(rows, 'row')}, there are more: ${options.moreHint}`
      : formatCount(rows, 'row'),
    ...(hidden > 0 ? [`${formatCount(hidden, 'column')} left out for want of room`] : []),
    ...(options.timer ? [formatDuration(milliseconds)] : []),
  ].join('; ')
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
