import { writeJson } from '@spillway/core'
import {
  columnJson,
  memberNames,
  type ResultColumn,
  resultFields,
  type ShareResult,
} from '@spillway/duckdb'
import type { Row } from '@spillway/rows'
import type { Canvas } from '../terminal/chart.js'
import { escapedJson } from '../terminal/shown-json.js'
import { csvLine } from './csv.js'
import { type Cell, fitTable } from './fit-table.js'
import type { OutputMode } from './result-forms.js'
import { exactText, isNumeric, shownText } from './value-text.js'

/** Takes output, and lets whoever makes it wait where it is taken slowly. */
export type Sink = (chunk: string | Uint8Array) => Promise<void>

export interface WriteOptions {
  readonly mode: OutputMode
  readonly canvas: Canvas
  /** Rows to write; the rest is not read. */
  readonly limit?: number | undefined
  /** Arrow for a file has an index behind it, for a pipe it has none. */
  readonly arrow?: 'stream' | 'file'
  /** Told of rows as they are written, and how many that makes. */
  readonly onRows?: (rows: readonly Row[], written: number) => void
}

export interface Written {
  readonly rows: number
  /** There were more rows than the limit. */
  readonly more: boolean
  /** Columns for which a table had no room. */
  readonly hidden: number
}

/** Writes what was asked for, block by block; only a table is held whole, for its widths. */
export async function writeResult(
  result: ShareResult,
  sink: Sink,
  options: WriteOptions,
): Promise<Written> {
  // A type that no text is exact for is refused before the first byte.
  resultFields(result.columns)
  switch (options.mode) {
    case 'table':
      return writeTable(result, sink, options)
    case 'arrow':
      return writeArrow(result, sink, options)
    case 'json':
      return writeLines(result, sink, { ...options, line: jsonLine })
    case 'csv':
      await sink(`${csvLine(result.columns.map(({ name }) => name))}\n`)
      return writeLines(result, sink, { ...options, line: csvRow })
  }
}

async function writeTable(
  result: ShareResult,
  sink: Sink,
  { canvas, ...options }: WriteOptions,
): Promise<Written> {
  const { columns } = result
  const cells: Cell[][] = []
  const more = await eachBlock(result, options, rows => {
    for (const row of rows) cells.push(columns.map((column, i) => cellOf(row, i, column)))
  })
  const titles = columns.map(({ name, type }) => ({
    title: name,
    align: isNumeric(type) ? ('right' as const) : ('left' as const),
  }))
  const { lines, hidden } = fitTable(titles, cells, canvas)
  await sink(`${lines.join('\n')}\n`)
  return { rows: cells.length, more, hidden }
}

function cellOf(row: Row, i: number, { type }: ResultColumn): Cell {
  const value = row[i] ?? null
  return value === null ? null : shownText(value, type)
}

async function writeLines(
  result: ShareResult,
  sink: Sink,
  options: WriteOptions & {
    readonly line: (row: Row, columns: readonly ResultColumn[], names: readonly string[]) => string
  },
): Promise<Written> {
  const names = memberNames(result.columns.map(({ name }) => name))
  let written = 0
  const more = await eachBlock(result, options, rows => {
    written += rows.length
    return sink(rows.map(row => `${options.line(row, result.columns, names)}\n`).join(''))
  })
  return { rows: written, more, hidden: 0 }
}

function jsonLine(row: Row, columns: readonly ResultColumn[], names: readonly string[]): string {
  const members = columns.map(({ type }, i) => {
    const value = columnJson(row[i] ?? null, type)
    return `${JSON.stringify(names[i])}:${writeJson(value)}`
  })
  return escapedJson(`{${members.join(',')}}`)
}

function csvRow(row: Row, columns: readonly ResultColumn[]): string {
  return csvLine(
    columns.map(({ type }, i) => {
      const value = row[i] ?? null
      return value === null ? null : exactText(value, type)
    }),
  )
}

/** Blocks of rows up to the limit. True where there was a row more. */
async function eachBlock(
  result: ShareResult,
  { limit = Number.POSITIVE_INFINITY, onRows }: Pick<WriteOptions, 'limit' | 'onRows'>,
  write: (rows: readonly Row[]) => Promise<void> | void,
): Promise<boolean> {
  let written = 0
  for await (const block of result.rawRows()) {
    const rows = block.length > limit - written ? block.slice(0, limit - written) : block
    if (rows.length > 0) await write(rows)
    written += rows.length
    onRows?.(rows, written)
    if (rows.length < block.length) return true
  }
  return false
}

async function writeArrow(
  result: ShareResult,
  sink: Sink,
  { limit = Number.POSITIVE_INFINITY, arrow = 'stream', onRows }: WriteOptions,
): Promise<Written> {
  let written = 0
  let more = false
  async function* limited() {
    for await (const batch of result.batches()) {
      const room = limit - written
      const rows = Math.min(batch.numRows, room)
      more = batch.numRows > room
      written += rows
      if (rows > 0) yield more ? batch.slice(0, rows) : batch
      onRows?.([], written)
      if (more) return
    }
  }
  const { arrowIpc, arrowSchema } = await import('@spillway/rows/arrow')
  for await (const chunk of arrowIpc(limited(), {
    schema: arrowSchema(resultFields(result.columns)),
    kind: arrow,
  })) {
    await sink(chunk)
  }
  return { rows: written, more, hidden: 0 }
}
