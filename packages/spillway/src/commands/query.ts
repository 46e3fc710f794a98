import { type RowAnswer, rowJson } from '@spillway/duckdb'
import type { JsonValue } from '@spillway/encoding'
import { predicateOf } from '../batch/operations.js'
import { formatCount, formatTable } from '../format-table.js'
import { jsonText } from '../json-text.js'
import { styleFor } from '../style.js'
import { type Terminal, writeLine } from '../terminal.js'
import { integerOf, type TableOptions, withTable } from './table-options.js'

export interface QueryCommandOptions extends TableOptions {
  readonly where?: string
  readonly jsonPredicate?: string
  readonly columns?: readonly string[]
  readonly limit?: string
  readonly count?: boolean
}

const DEFAULT_LIMIT = 20n

/** `spillway query LOCATION`: exact rows, or their number. */
export async function queryCommand(
  location: string,
  options: QueryCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { predicate } = predicateOf(options)
  const { signal } = terminal
  await withTable(location, { options, terminal }, async ({ snapshot, spillway: { rows } }) => {
    if (options.count) {
      const count = (await rows.count(snapshot, predicate, signal)).toString()
      return writeLine(
        terminal.stdout,
        options.json ? jsonText({ rows: count }) : formatCount(count),
      )
    }
    const limit = integerOf('--limit', options.limit) ?? DEFAULT_LIMIT
    const answer = rows.rows(snapshot, {
      limit: Number(limit),
      signal,
      ...(predicate && { where: predicate }),
      ...(options.columns && { columns: options.columns }),
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
      await writeLine(terminal.stdout, jsonText(Object.fromEntries(entries)))
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

function isDecimal(type: unknown): boolean {
  return typeof type === 'object' && type !== null && 'kind' in type && type.kind === 'decimal'
}

export function cellText(value: JsonValue): string {
  if (value === null) return '∅'
  return typeof value === 'string' ? value : jsonText(value)
}
