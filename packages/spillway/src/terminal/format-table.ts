import type { Style } from './style.js'

export interface TableColumn {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Its cells are never cut: for programs, which read what no terminal has to fit. */
  readonly whole?: boolean
}

const GAP = '  '
const MAX_CELL = 60

/** Rows under underlined titles, as wide as their widest cell. */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  style: Style,
): readonly string[] {
  const cells = rows.map(row =>
    row.map((cell, i) =>
      columns[i]?.whole === true ? printable(cell) : shorten(printable(cell), MAX_CELL),
    ),
  )
  const widths = columns.map(({ title }, i) =>
    cells.reduce((widest, row) => Math.max(widest, textWidth(row[i] ?? '')), textWidth(title)),
  )
  const line = (row: readonly string[], paint: (text: string) => string = text => text) =>
    columns
      .map(({ align }, i) => paint(pad(row[i] ?? '', widths[i]!, align)))
      .join(GAP)
      .trimEnd()
  const titles = columns.map(({ title }) => title)
  const rule = widths
    .map(width => '─'.repeat(width))
    .join(GAP)
    .trimEnd()
  return [line(titles, style.bold), style.dim(rule), ...cells.map(row => line(row))]
}

/** Facts under each other, their names in one column. */
export function formatFacts(
  facts: readonly (readonly [name: string, value: string])[],
  style: Style,
): readonly string[] {
  const width = Math.max(0, ...facts.map(([name]) => textWidth(name)))
  return facts.map(([name, value]) => `${style.dim(pad(name, width))}${GAP}${value}`)
}

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)))
  return align === 'right' ? space + text : text + space
}

/** The columns a terminal needs: wide characters take two, marks and escapes none. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text.replace(ESCAPES, '')) {
    if (!/\p{M}/u.test(character)) width += WIDE.test(character) ? 2 : 1
  }
  return width
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for.
const ESCAPES = /\u001b\[[0-9;]*m/g
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** `text` in at most `width` columns, an ellipsis where it was cut. */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  for (const character of text) {
    if (textWidth(kept + character) >= width) break
    kept += character
  }
  return `${kept}…`
}

/** A table's text may hold escapes that would take over the terminal, or marks that turn around what is read of it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character =>
    character === '\n' ? '⏎' : character === '\t' ? ' ' : '�',
  )
}

/** Controls, other ends of lines and marks of direction. Joiners and breaks without width are spelling. */
export const UNPRINTABLE =
  /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/gu

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB']

export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`
}

export function formatCount(count: number | bigint | string, noun?: string): string {
  const digits = String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  if (noun === undefined) return digits
  return `${digits} ${noun}${String(count) === '1' ? '' : 's'}`
}

export function formatPercent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${Math.round((part / whole) * 100)} %`
}
