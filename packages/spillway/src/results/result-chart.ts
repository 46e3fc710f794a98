import { TableError } from '@spillway/core'
import type { ResultColumn } from '@spillway/duckdb'
import type { Row } from '@spillway/rows'
import { barChart, type Canvas } from '../terminal/chart.js'
import { formatCount } from '../terminal/format-table.js'
import { isNumeric, shownText } from './value-text.js'

/** The beginning of an answer, kept to be drawn. */
export interface HeldRows {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly Row[]
}

export const ROWS_HELD = 100
const BARS_SHOWN = 40

/** A bar a row: the first column names it, the last numeric one measures it. */
export function resultChart(held: HeldRows | undefined, canvas: Canvas): readonly string[] {
  if (held === undefined) throw cannot('ask something first')
  const { columns, rows } = held
  const measure = columns.findLastIndex(({ type }, i) => i > 0 && isNumeric(type))
  if (measure < 0) throw cannot('it takes a column to name the bars and, behind it, a number')
  const text = (row: Row, column: number) => {
    const value = row[column] ?? null
    return value === null ? '∅' : shownText(value, columns[column]!.type)
  }
  const bars = rows.slice(0, BARS_SHOWN).map(row => ({
    label: text(row, 0),
    value: row[measure] === null ? 0 : Number(text(row, measure)),
    text: text(row, measure),
  }))
  const left = rows.length - bars.length
  return [
    canvas.style.bold(`${columns[measure]!.name} by ${columns[0]!.name}`),
    ...barChart(bars, canvas),
    ...(left > 0 ? [canvas.style.dim(`… ${formatCount(left, 'row')} more`)] : []),
  ]
}

function cannot(why: string): TableError {
  return new TableError('INVALID_REQUEST', `the last answer cannot be drawn: ${why}`)
}
