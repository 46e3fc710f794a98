import { resolve } from 'node:path'
import { explanationJson, explanationLines } from '../recipient/explanation-lines.js'
import { type ShareSession, withSession } from '../recipient/share-session.js'
import type { OutputMode } from '../results/result-forms.js'
import { formatDuration, rowLimit, runSql, summaryText } from '../results/run-sql.js'
import { parametersOf, sqlOf } from '../results/sql-text.js'
import { formatOfFile, writeTableFile } from '../results/table-file.js'
import { canvasOf } from '../terminal/canvas.js'
import { formatBytes, formatCount } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { readAll, type Terminal, writeLine } from '../terminal/terminal.js'

export interface QueryShareOptions {
  readonly mode?: OutputMode
  readonly limit?: string | undefined
  readonly param?: readonly string[]
  readonly explain?: boolean
  readonly output?: string
  readonly force?: boolean
  readonly json?: boolean
}

/** `spillway query PROFILE SQL`: SQL over everything that a profile opens. */
export async function queryShare(
  profile: string,
  text: string,
  { options, terminal }: { readonly options: QueryShareOptions; readonly terminal: Terminal },
): Promise<void> {
  // What is wrong with the options is said before anything is asked.
  rowLimit(options.limit)
  parametersOf(options.param)
  if (options.output !== undefined) formatOfFile(options.output)
  const written = text === '-' ? await readAll(terminal.stdin) : text
  await withSession(profile, { terminal, sql: written }, session => {
    const sql = sqlOf(written, session.share.catalogs)
    if (options.explain) return explain(session, sql, { options, terminal })
    if (options.output !== undefined) return writeOutput(session, sql, { options, terminal })
    return print(session, sql, { options, terminal })
  })
}

async function print(
  session: ShareSession,
  sql: string,
  { options, terminal }: Asked,
): Promise<void> {
  const mode = modeOf(options, terminal)
  const limit = rowLimit(options.limit)
  const parameters = parametersOf(options.param)
  const run = { mode, limit, parameters, signal: terminal.signal }
  const answered = await runSql(session, sql, { run, terminal })
  if (mode !== 'table') return
  const style = styleFor(terminal.stdout, terminal.environment)
  const timer = terminal.stdout.isTTY === true
  const summary = summaryText(answered, { timer, moreHint: '--limit all' })
  await writeLine(terminal.stdout, style.dim(summary))
}

/** Tables are for eyes; a program that reads the output gets all of it, uncut. */
function modeOf(
  { mode, json }: Pick<QueryShareOptions, 'mode' | 'json'>,
  { stdout }: Pick<Terminal, 'stdout'>,
): OutputMode {
  if (mode !== undefined) return mode
  if (json) return 'json'
  return stdout.isTTY === true ? 'table' : 'csv'
}

interface Asked {
  readonly options: QueryShareOptions
  readonly terminal: Terminal
}

async function explain(
  session: ShareSession,
  sql: string,
  { options, terminal }: Asked,
): Promise<void> {
  const parameters = parametersOf(options.param)
  const explanation = await withProgress(terminal, 'asking the provider', () =>
    session.explain(sql, { signal: terminal.signal, parameters }),
  )
  const lines = options.json
    ? [shownJson(explanationJson(explanation))]
    : explanationLines(explanation, canvasOf(terminal))
  for (const line of lines) await writeLine(terminal.stdout, line)
}

/** Said on standard error: standard output is the file's, and nothing goes there. */
async function writeOutput(
  session: ShareSession,
  sql: string,
  { options, terminal }: Asked,
): Promise<void> {
  const output = options.output!
  const limit = rowLimit(options.limit)
  const { rows, bytes, milliseconds } = await writeTableFile(session, sql, {
    request: {
      path: resolve(terminal.folder, output),
      force: options.force === true,
      format: formatOfFile(output),
      parameters: parametersOf(options.param),
      ...(limit !== undefined && Number.isFinite(limit) && { limit }),
    },
    terminal,
  })
  terminal.stderr.write(
    `${output}: ${formatCount(rows, 'row')}, ${formatBytes(bytes)} in ${formatDuration(milliseconds)}\n`,
  )
}
