import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type JsonValue, TableError, writeJson } from '@spillway/core'
import { type RowAnswer, rowJson, type SqlAnswer } from '@spillway/rows'
import { predicateOf } from '../batch/operations.js'
import { formatCount, formatTable } from '../terminal/format-table.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { type QueryShareOptions, queryShare } from './query-share.js'
import { integerOf, type TableOptions, withTable } from './table-options.js'

/** Of one table: what chooses its rows. */
interface QueryTableOptions extends TableOptions {
  readonly where?: string | undefined
  readonly jsonPredicate?: string
  readonly columns?: readonly string[] | undefined
  readonly limit?: string | undefined
  readonly count?: boolean
  readonly sql?: string | undefined
}

export type QueryCommandOptions = QueryTableOptions & QueryShareOptions

const DEFAULT_LIMIT = 20n

/** `spillway query PROFILE SQL` over all that is shared, or `spillway query TABLE` for exact rows of one table. */
export async function queryCommand(
  location: string,
  sql: string | undefined,
  { options, terminal }: { readonly options: QueryCommandOptions; readonly terminal: Terminal },
): Promise<void> {
  if (await isProfile(location, terminal)) {
    if (sql !== undefined && options.sql !== undefined) throw twice('SQL')
    refuseOptions(options, OF_ONE_TABLE, `${location} is a profile, not one table`)
    const text = sql ?? options.sql
    if (text !== undefined) return queryShare(location, text, { options, terminal })
    throw new TableError(
      'INVALID_REQUEST',
      `expected SQL behind ${location}, or ${location}#share.schema.table for the rows of one table`,
    )
  }
  refuseOptions(options, OF_A_SHARE, 'that is for SQL over a profile; one table has --json')
  if (sql !== undefined && options.sql !== undefined) throw twice('SQL')
  await queryTable(location, { ...options, ...(sql !== undefined && { sql }) }, terminal)
}

const OF_ONE_TABLE = [
  ...['where', 'jsonPredicate', 'columns', 'count', 'version', 'timestamp'],
  ...[
    'format',
    'metadataFile',
    'rebase',
    'auxiliaryLocation',
    'snapshotId',
    'ref',
    'readOptimized',
  ],
] as readonly (keyof QueryCommandOptions)[]
const OF_A_SHARE = ['mode', 'param', 'explain', 'output', 'force'] as const

/** A file alone is a profile: tables are folders, or have their name behind `#`. */
async function isProfile(location: string, { folder }: Terminal): Promise<boolean> {
  if (location.includes('#') || /^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return false
  if (location.endsWith('.share')) return true
  return stat(resolve(folder, location)).then(
    found => found.isFile(),
    () => false,
  )
}

function refuseOptions(
  options: QueryCommandOptions,
  refused: readonly (keyof QueryCommandOptions)[],
  why: string,
): void {
  const given = refused.find(key => options[key] !== undefined)
  if (given === undefined) return
  const option = given.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  throw new TableError('INVALID_REQUEST', `--${option} cannot be given here: ${why}`)
}

function twice(what: string): TableError {
  return new TableError('INVALID_REQUEST', `expected ${what} once, found it twice`)
}

/** Exact rows of one table, or their number. */
async function queryTable(
  location: string,
  options: QueryTableOptions,
  terminal: Terminal,
): Promise<void> {
  const { predicate } = predicateOf(options)
  const { signal } = terminal
  await withTable(location, { options, terminal }, async ({ snapshot, spillway: { rows } }) => {
    if (options.count) {
      const count = (await rows.count(snapshot, predicate, signal)).toString()
      return writeLine(
        terminal.stdout,
        options.json ? writeJson({ rows: count }) : formatCount(count),
      )
    }
    if (options.sql !== undefined) {
      const columns = options.columns === undefined ? {} : { columns: options.columns }
      const where = predicate === undefined ? {} : { where: predicate }
      const answer = await rows.sql(snapshot, options.sql, { ...where, ...columns, signal })
      return options.json ? writeSqlJson(answer, terminal) : writeSqlTable(answer, terminal)
    }
    const limit = integerOf('--limit', options.limit) ?? DEFAULT_LIMIT
    const answer = rows.rows(snapshot, {
      limit: Number(limit),
      signal,
      where: predicate,
      columns: options.columns,
    })
    return options.json ? writeJsonRows(answer, terminal) : writeRowTable(answer, terminal)
  })
}

/** One object a row, as they come. */
async function writeJsonRows({ fields, rows }: RowAnswer, terminal: Terminal): Promise<void> {
  for await (const block of rows) {
    for (const row of block) {
      const values = rowJson(row, fields)
      const entries = fields.map(({ name }, i) => [name, values[i] ?? null] as const)
      await writeLine(terminal.stdout, writeJson(Object.fromEntries(entries)))
    }
  }
}

async function writeRowTable({ fields, rows }: RowAnswer, terminal: Terminal): Promise<void> {
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
  for (const line of formatTable(columns, cells, style)) await writeLine(terminal.stdout, line)
  await writeLine(terminal.stdout, style.dim(formatCount(cells.length, 'row')))
}

async function writeSqlJson({ columns, rows }: SqlAnswer, terminal: Terminal): Promise<void> {
  for (const row of rows) {
    const entries = columns.map((name, i) => [name, row[i] ?? null] as const)
    await writeLine(terminal.stdout, writeJson(Object.fromEntries(entries)))
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
