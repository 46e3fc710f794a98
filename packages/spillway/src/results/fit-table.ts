import type { Canvas } from '../terminal/chart.js'
import { pad, printable, shorten, textWidth } from '../terminal/format-table.js'

export interface FitColumn {
  readonly title: string
  readonly align: 'left' | 'right'
}

/** Null is SQL's: it is drawn unlike any text. */
export type Cell = string | null

const GAP = '  '
/** Text is not cut shorter than this: columns are left out instead. */
const LEAST_WIDTH = 8

export interface FittedTable {
  readonly lines: readonly string[]
  /** Columns that there was no room for. */
  readonly hidden: number
}

/**
 * Rows under underlined titles in `canvas.width` columns. Where they do not fit, the widest texts are cut first, then
 * columns in the middle are left out. Numbers are never cut: a number with its end missing is another number.
 */
export function fitTable(
  columns: readonly FitColumn[],
  rows: readonly (readonly Cell[])[],
  canvas: Canvas,
): FittedTable {
  const nothing = canvas.unicode ? '∅' : 'NULL'
  const texts = rows.map(row => row.map(cell => (cell === null ? nothing : printable(cell))))
  const titles = columns.map(({ title }) => printable(title))
  const natural = titles.map((title, i) =>
    texts.reduce((most, row) => Math.max(most, textWidth(row[i] ?? '')), textWidth(title)),
  )
  const shown = fittingColumns(columns, natural, canvas.width)
  const widths = cutWidths(shown, { columns, natural, width: canvas.width })
  const { style } = canvas
  const line = linePainter(shown, widths, { columns, canvas })
  const rule = widths.map(width => (canvas.unicode ? '─' : '-').repeat(width)).join(GAP)
  return {
    lines: [
      line(titles, style.bold),
      style.dim(rule),
      ...texts.map((row, r) =>
        line(row, (text, column) => (rows[r]![column] === null ? style.dim(text) : text)),
      ),
    ],
    hidden: columns.length - shown.filter(column => column !== undefined).length,
  }
}

/** Cells side by side, each in its width. */
function linePainter(
  shown: readonly (number | undefined)[],
  widths: readonly number[],
  { columns, canvas }: { readonly columns: readonly FitColumn[]; readonly canvas: Canvas },
) {
  const leftOut = canvas.style.dim(canvas.unicode ? '…' : '.')
  return (cells: readonly string[], paint: (text: string, column: number) => string) =>
    shown
      .map((column, i) => {
        if (column === undefined) return leftOut
        const text = shorten(cells[column] ?? '', widths[i]!)
        return paint(pad(text, widths[i]!, columns[column]!.align), column)
      })
      .join(GAP)
      .trimEnd()
}

/** The columns to show, `undefined` standing where some are left out. */
function fittingColumns(
  columns: readonly FitColumn[],
  natural: readonly number[],
  width: number,
): readonly (number | undefined)[] {
  const all = columns.map((_, i) => i)
  const least = (column: number) =>
    columns[column]!.align === 'right' ? natural[column]! : Math.min(natural[column]!, LEAST_WIDTH)
  const need = (some: readonly (number | undefined)[]) =>
    some.reduce<number>((sum, column) => sum + (column === undefined ? 1 : least(column)), 0) +
    GAP.length * (some.length - 1)
  if (need(all) <= width) return all
  for (let left = columns.length - 1; left > 1; left--) {
    const tail = Math.floor(left / 2)
    const some = [...all.slice(0, left - tail), undefined, ...all.slice(columns.length - tail)]
    if (need(some) <= width) return some
  }
  return columns.length > 1 ? [0, undefined] : all
}

/** Takes from the widest texts until all fit. */
function cutWidths(
  shown: readonly (number | undefined)[],
  {
    columns,
    natural,
    width,
  }: {
    readonly columns: readonly FitColumn[]
    readonly natural: readonly number[]
    readonly width: number
  },
): readonly number[] {
  const widths = shown.map(column => (column === undefined ? 1 : natural[column]!))
  const mayCut = shown.map(column => column !== undefined && columns[column]!.align === 'left')
  let excess = widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1)) - width
  while (excess > 0) {
    const widest = widths.reduce(
      (best, each, i) => (mayCut[i] && each > LEAST_WIDTH && each > (widths[best] ?? 0) ? i : best),
      -1,
    )
    if (widest < 0) break
    // Down to the next widest at once, not a column at a time.
    const next = Math.max(
      LEAST_WIDTH,
      ...widths.filter((each, i) => mayCut[i] && each < widths[widest]!),
    )
    const cut = Math.min(excess, Math.max(1, widths[widest]! - next))
    widths[widest]! -= cut
    excess -= cut
  }
  return widths
}
