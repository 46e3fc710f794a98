import { type JsonValue, TableError, writeJson } from '@spillway/core'
import { type RowAnswer, rowJson, type SqlAnswer } from '@spillway/rows'
import { predicateOf } from '../batch/operations.js'
import { csvLine } from '../results/csv.js'
import type { OutputMode } from '../results/result-forms.js'
import { outputOf, rowLimit } from '../results/run-sql.js'
import type { Sink } from '../results/write-result.js'
import { csvText, writeRows } from '../results/write-rows.js'
import { formatCount, formatTable } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { withTable } from './open-table.js'
import type { TableOptions } from './table-options.js'

/** Of one table: what chooses its rows. */
export interface QueryTableOptions extends TableOptions {
  readonly where?: string | undefined
  readonly jsonPredicate?: string
  readonly columns?: readonly string[] | undefined
  readonly limit?: string | undefined
  readonly count?: boolean
  readonly sql?: string | undefined
  readonly mode?: OutputMode
}

/** Of a table that is drawn; what a program reads is whole. */
const ROWS_DRAWN = 20

const COUNTS: Readonly<Record<OutputMode, (count: string) => string>> = {
  table: count => formatCount(count),
  json: count => shownJson({ rows: count }),
  csv: count => `rows\n${count}`,
  arrow: String,
}

/** Exact rows of one table, or their number. */
export async function queryTable(
  location: string,
  options: QueryTableOptions,
  terminal: Terminal,
): Promise<void> {
  const { predicate } = predicateOf(options)
  const { signal } = terminal
  const mode = options.mode ?? (options.json ? 'json' : 'table')
  if (mode === 'arrow' && (options.count || options.sql !== undefined)) {
    const what = options.count ? 'a number of rows' : 'the answer to SQL over one table'
    throw new TableError('INVALID_REQUEST', `--mode of ${what} is table, json or csv, not arrow`)
  }
  const output = outputOf(mode, terminal)
  await withTable(location, { options, terminal }, async ({ snapshot, spillway: { rows } }) => {
    if (options.count) {
      const count = (await rows.count(snapshot, predicate, signal)).toString()
      return output(`${COUNTS[mode](count)}\n`)
    }
    if (options.sql !== undefined) {
      const columns = options.columns === undefined ? {} : { columns: options.columns }
      const where = predicate === undefined ? {} : { where: predicate }
      const answer = await rows.sql(snapshot, options.sql, { ...where, ...columns, signal })
      return mode === 'table'
        ? writeSqlTable(answer, terminal)
        : writeSqlLines(answer, mode, output)
    }
    const asked = { signal, where: predicate, columns: options.columns }
    if (mode !== 'table') {
      const most = rowLimit(options.limit) ?? Number.POSITIVE_INFINITY
      const limit = Number.isFinite(most) ? { limit: most } : {}
      return writeRows(rows.rows(snapshot, { ...asked, ...limit }), output, mode)
    }
    const shown = rowLimit(options.limit) ?? ROWS_DRAWN
    // One more tells whether there are any.
    const limit = Number.isFinite(shown) ? { limit: shown + 1 } : {}
    return writeRowTable(rows.rows(snapshot, { ...asked, ...limit }), { terminal, shown })
  })
}

async function writeRowTable(
  { fields, rows }: RowAnswer,
  { terminal, shown }: { readonly terminal: Terminal; readonly shown: number },
): Promise<void> {
  const cells: string[][] = []
  for await (const block of rows)
    for (const row of block) cells.push(rowJson(row, fields).map(cellText))
  const numeric = (type: unknown) =>
    ['int', 'long', 'float', 'double'].includes(type as string) || isDecimal(type)
  const columns = fields.map(({ name, type }) => ({
    title: name,
    align: numeric(type) ? ('right' as const) : ('left' as const),
  }))
  const style = styleFor(terminal.stdout, terminal.environment)
  const drawn = cells.slice(0, shown)
  for (const line of formatTable(columns, drawn, style)) await writeLine(terminal.stdout, line)
  const count = formatCount(drawn.length, 'row')
  const more = cells.length > shown ? `first ${count}, there are more: --limit N, or all` : count
  await writeLine(terminal.stdout, style.dim(more))
}

async function writeSqlLines(
  { columns, rows }: SqlAnswer,
  mode: OutputMode,
  output: Sink,
): Promise<void> {
  if (mode === 'csv') await output(`${csvLine(columns)}\n`)
  for (const row of rows) {
    const values = columns.map((name, i) => [name, row[i] ?? null] as const)
    const line =
      mode === 'csv'
        ? csvLine(values.map(([, value]) => csvText(value)))
        : shownJson(Object.fromEntries(values))
    await output(`${line}\n`)
  }
}

async function writeSqlTable(answer: SqlAnswer, terminal: Terminal): Promise<void> {
  const style = styleFor(terminal.stdout, terminal.environment)
  for (const line of sqlTable(answer, style)) await writeLine(terminal.stdout, line)
  await writeLine(terminal.stdout, style.dim(formatCount(answer.rows.length, 'row')))
}

/** An answer of DuckDB's, numbers to the right. */
export function sqlTable({ columns, rows }: SqlAnswer, style: Style): readonly string[] {
  const number = (value: JsonValue | undefined) =>
    typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
  const titles = columns.map((title, i) => ({
    title,
    align:
      rows.length > 0 && rows.every(row => number(row[i])) ? ('right' as const) : ('left' as const),
  }))
  return formatTable(
    titles,
    rows.map(row => row.map(cellText)),
    style,
  )
}

function isDecimal(type: unknown): boolean {
  return typeof type === 'object' && type !== null && 'kind' in type && type.kind === 'decimal'
}

function cellText(value: JsonValue): string {
  if (value === null) return '∅'
  return typeof value === 'string' ? value : writeJson(value)
}
