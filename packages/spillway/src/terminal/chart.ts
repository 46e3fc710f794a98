import { pad, printable, shorten, textWidth } from './format-table.js'
import type { Style } from './style.js'

/** The room a picture has, and what it may be drawn with. */
export interface Canvas {
  /** Columns of the terminal. */
  readonly width: number
  /** Blocks of eighths; without them, what every terminal can print. */
  readonly unicode: boolean
  readonly style: Style
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of `part / whole` of `width` columns. Whatever is not nothing is seen. */
export function barText(
  part: number,
  whole: number,
  { width, unicode }: Pick<Canvas, 'width' | 'unicode'>,
): string {
  if (!(part > 0) || !(whole > 0)) return ''
  const share = Math.min(1, part / whole) * width
  if (!unicode) return '#'.repeat(Math.max(1, Math.round(share)))
  const eighths = Math.max(1, Math.round(share * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!
}

/** A bar of fixed width: what was kept of the whole, the rest hollow. */
export function keptBar(kept: number, total: number, canvas: Canvas): string {
  const { width, unicode, style } = canvas
  // All is drawn full and not quite all never is, however near rounding would bring it.
  const rounded = total > 0 ? Math.round((kept / total) * width) : 0
  const least = kept > 0 ? 1 : 0
  const most = kept < total ? width - 1 : width
  const full = Math.min(Math.max(rounded, least), Math.max(most, 0))
  const [solid, hollow] = unicode ? ['█', '░'] : ['#', '.']
  return style.green(solid.repeat(full)) + style.dim(hollow.repeat(width - full))
}

export interface BarRow {
  readonly label: string
  readonly value: number
  /** Behind the bar; the value as people read it. */
  readonly text: string
  /** Drawn back: sums and rests that are no bar among the others. */
  readonly dim?: boolean
}

const LEAST_BAR = 8
const MOST_BAR = 48
const GAP = '  '

/** A bar a row, the longest for the greatest value; labels give way before bars do. */
export function barChart(rows: readonly BarRow[], canvas: Canvas): readonly string[] {
  const texts = rows.map(({ text }) => textWidth(text))
  const room = canvas.width - Math.max(0, ...texts) - 2 * GAP.length
  const widest = Math.max(0, ...rows.map(({ label }) => textWidth(printable(label))))
  const labelWidth = Math.min(widest, Math.max(4, room - LEAST_BAR))
  const width = Math.min(MOST_BAR, Math.max(LEAST_BAR, room - labelWidth))
  const whole = Math.max(0, ...rows.filter(({ dim }) => !dim).map(({ value }) => value))
  return rows.map(({ label, value, text, dim }) => {
    const name = pad(shorten(printable(label), labelWidth), labelWidth)
    const bar = barText(value, whole, { ...canvas, width })
    const paint = dim ? canvas.style.dim : canvas.style.cyan
    const drawn = `${dim ? canvas.style.dim(name) : name}${GAP}${paint(pad(dim ? '' : bar, width))}`
    return `${drawn}${GAP}${dim ? canvas.style.dim(text) : text}`.trimEnd()
  })
}

/** The largest `count` rows in their own order, and the rest as one row that is no bar. */
export function largestRows<Row extends { readonly value: number }>(
  rows: readonly Row[],
  count: number,
): { readonly shown: readonly Row[]; readonly rest: readonly Row[] } {
  if (rows.length <= count) return { shown: rows, rest: [] }
  const order = rows.map((_, i) => i).sort((a, b) => rows[b]!.value - rows[a]!.value || a - b)
  const chosen = new Set(order.slice(0, count))
  return {
    shown: rows.filter((_, i) => chosen.has(i)),
    rest: rows.filter((_, i) => !chosen.has(i)),
  }
}
