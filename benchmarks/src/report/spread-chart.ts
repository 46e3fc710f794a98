import { logAxis, tickText } from './axis.js'
import { COLOURS, element, escapeXml, page } from './svg.js'

export interface Spread {
  readonly name: string
  readonly low: number
  readonly middle: number
  readonly high: number
}

export interface SpreadChart {
  readonly title: string
  readonly across: { readonly label: string; readonly format: (value: number) => string }
  /** The first has the colour of what is ours. */
  readonly rows: readonly Spread[]
  /** Below the rows, one line each: who could not be measured. */
  readonly missing: readonly string[]
}

const WIDTH = 720
const PLOT = { left: 190, right: WIDTH - 130, top: 46 }
const ROW = 30

/** One size of a question: a dot for each contender's median and a line from its least to its greatest, on a logarithmic axis. */
export function spreadChart({ title, across, rows, missing }: SpreadChart): string {
  const bottom = PLOT.top + Math.max(1, rows.length) * ROW
  const height = bottom + 52 + missing.length * 18
  const parts: string[] = []
  if (rows.length === 0) {
    parts.push(element('text', { x: 16, y: PLOT.top + 18 }, 'nothing was measured'))
  } else {
    const axis = logAxis(rows.flatMap(({ low, middle, high }) => [low, middle, high]))
    const x = (value: number) => PLOT.left + axis.at(value) * (PLOT.right - PLOT.left)
    for (const tick of axis.ticks) {
      const at = x(tick)
      parts.push(element('line', { class: 'grid', x1: at, y1: PLOT.top, x2: at, y2: bottom }))
      parts.push(
        element(
          'text',
          { class: 'middle', x: at, y: bottom + 18 },
          escapeXml(tickText(across.format(tick))),
        ),
      )
    }
    rows.forEach((row, i) => {
      parts.push(
        element(
          'g',
          { class: `s${i % COLOURS}` },
          drawRow(row, PLOT.top + (i + 0.5) * ROW, x, across.format),
        ),
      )
    })
  }
  parts.push(
    element(
      'text',
      { class: 'middle', x: (PLOT.left + PLOT.right) / 2, y: bottom + 40 },
      escapeXml(across.label),
    ),
    ...missing.map((text, i) =>
      element('text', { x: 16, y: bottom + 58 + i * 18 }, escapeXml(text)),
    ),
  )
  const description = rows.map(({ name, middle }) => `${name} ${across.format(middle)}`).join(', ')
  return page({ title, description, width: WIDTH, height }, parts)
}

function drawRow(
  { name, low, middle, high }: Spread,
  y: number,
  x: (value: number) => number,
  format: (value: number) => string,
): string {
  return [
    element('text', { class: 'name end', x: PLOT.left - 12, y: y + 4 }, escapeXml(name)),
    element('line', { class: 'plot', x1: x(low), y1: y, x2: x(high), y2: y }),
    element('circle', { class: 'mark', cx: x(middle), cy: y, r: 5 }),
    element(
      'text',
      { x: Math.max(x(high), x(middle) + 5) + 8, y: y + 4 },
      escapeXml(format(middle)),
    ),
  ].join('')
}
