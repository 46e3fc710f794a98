import { resolve } from 'node:path'
import { TableError } from '@spillway/core'
import { parseSharePath } from '../recipient/share-path.js'
import { withSession } from '../recipient/share-session.js'
import type { ParquetCompression } from '../results/result-forms.js'
import { formatDuration } from '../results/run-sql.js'
import { parametersOf, sqlOf } from '../results/sql-text.js'
import { formatOfFile, writeTableFile } from '../results/table-file.js'
import { formatBytes, formatCount } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { readAll, type Terminal, writeLine } from '../terminal/terminal.js'

export interface ExportOptions {
  readonly to: string
  readonly force?: boolean
  readonly compression?: ParquetCompression
  readonly param?: readonly string[]
  readonly json?: boolean
}

/** `spillway export PROFILE SQL|TABLE --to FILE`: rows of a share as a file of one's own. */
export async function exportCommand(
  path: string,
  text: string | undefined,
  { options, terminal }: { readonly options: ExportOptions; readonly terminal: Terminal },
): Promise<void> {
  const { profile, name } = parseSharePath(path)
  const given = onlyOne(text, name)
  const request = {
    path: resolve(terminal.folder, options.to),
    force: options.force === true,
    format: formatOfFile(options.to),
    parameters: parametersOf(options.param),
    ...(options.compression && { compression: options.compression }),
  }
  const wanted = given === '-' ? await readAll(terminal.stdin) : given
  const { rows, bytes, milliseconds } = await withSession(
    profile,
    { terminal, sql: wanted },
    session =>
      writeTableFile(session, sqlOf(wanted, session.share.catalogs), { request, terminal }),
  )
  if (options.json) {
    return writeLine(terminal.stdout, shownJson({ file: options.to, rows: rows.toString(), bytes }))
  }
  const style = styleFor(terminal.stdout, terminal.environment)
  const detail = style.dim(`${formatBytes(bytes)} in ${formatDuration(milliseconds)}`)
  await writeLine(terminal.stdout, `${options.to}  ${formatCount(rows, 'row')}, ${detail}`)
}

/** A table is named behind the profile or beside it, not both. */
function onlyOne(text: string | undefined, name: string): string {
  if ((text === undefined) !== (name === '')) return text ?? name
  throw new TableError(
    'INVALID_REQUEST',
    'expected PROFILE and SQL or a table, or PROFILE#share.schema.table alone',
  )
}
