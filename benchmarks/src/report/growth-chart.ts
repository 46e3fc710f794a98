import { logAxis, tickText } from './axis.js'
import { COLOURS, element, escapeXml, page } from './svg.js'

export interface Series {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface GrowthChart {
  readonly title: string
  /** What is counted to the right, and how a number of it is written. */
  readonly across: { readonly label: string; readonly format: (value: number) => string }
  readonly up: { readonly label: string; readonly format: (value: number) => string }
  /** The first has the colour of what is ours. */
  readonly series: readonly Series[]
}

const WIDTH = 720
const HEIGHT = 400
const PLOT = { left: 84, right: WIDTH - 150, top: 66, bottom: HEIGHT - 56 }
const LINE = 15

/** How something grows, on logarithmic axes: in proportion is a line of 45 degrees on a square. */
export function growthChart({ title, across, up, series }: GrowthChart): string {
  const points = series.flatMap(each => each.points)
  const [width, height] = [PLOT.right - PLOT.left, PLOT.bottom - PLOT.top]
  const [horizontal, vertical] = [
    logAxis(points.map(({ x }) => x)),
    logAxis(points.map(({ y }) => y)),
  ]
  const x = (value: number) => PLOT.left + horizontal.at(value) * width
  const y = (value: number) => PLOT.bottom - vertical.at(value) * height
  const sizes = [...new Set(points.map(point => point.x))].sort((a, b) => a - b)
  const grid = [
    ...vertical.ticks.flatMap(tick => [
      rule(PLOT.left, y(tick), PLOT.right, y(tick)),
      element(
        'text',
        { class: 'end', x: PLOT.left - 8, y: y(tick) + 4 },
        escapeXml(tickText(up.format(tick))),
      ),
    ]),
    ...sizes.flatMap(size => [
      rule(x(size), PLOT.top, x(size), PLOT.bottom),
      element(
        'text',
        { class: 'middle', x: x(size), y: PLOT.bottom + 18 },
        escapeXml(across.format(size)),
      ),
    ]),
    element('text', { x: 16, y: 48 }, escapeXml(up.label)),
    element(
      'text',
      { class: 'middle', x: PLOT.left + width / 2, y: HEIGHT - 16 },
      escapeXml(across.label),
    ),
  ]
  const placed = series.map((each, i) => ({
    ...each,
    colour: `s${i % COLOURS}`,
    points: [...each.points]
      .sort((a, b) => a.x - b.x)
      .map((point): Place => [x(point.x), y(point.y)]),
  }))
  const lines = placed.map(({ colour, points }) => element('g', { class: colour }, line(points)))
  const ends = placed.flatMap(({ name, colour, points }) => {
    const last = points.at(-1)
    return last === undefined ? [] : [{ name, colour, x: last[0], y: last[1] }]
  })
  const names = apart(ends).map(({ name, colour, x, y }) =>
    element(
      'g',
      { class: colour },
      element('text', { class: 'name', x: x + 10, y: y + 4 }, escapeXml(name)),
    ),
  )
  const description = `${title}: ${up.label} by ${across.label}, of ${series.map(({ name }) => name).join(', ')}`
  return page({ title, description, width: WIDTH, height: HEIGHT }, [...grid, ...lines, ...names])
}

type Place = readonly [x: number, y: number]

function line(points: readonly Place[]): string {
  const path = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
  const marks = points.map(([cx, cy]) => element('circle', { class: 'mark', cx, cy, r: 4 }))
  return [element('path', { class: 'plot', d: path.join('') }), ...marks].join('')
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return element('line', { class: 'grid', x1, y1, x2, y2 })
}

/** Names that would lie over each other move down, in the order of their lines. */
function apart<Named extends { readonly y: number }>(names: readonly Named[]): readonly Named[] {
  let last = Number.NEGATIVE_INFINITY
  return [...names]
    .sort((a, b) => a.y - b.y)
    .map(each => {
      last = Math.max(each.y, last + LINE)
      return { ...each, y: last }
    })
}
