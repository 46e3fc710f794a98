/** A number for each label. */
export interface Series {
  readonly labels: readonly string[]
  readonly values: readonly number[]
  readonly unit: string
}

const WIDTH = 760
const HEIGHT = 220
const LEFT = 58
const BOTTOM = 24
const ROOM = HEIGHT - BOTTOM - 10

export function barChart(series: Series): string {
  const { labels, values, unit } = series
  const { step, y } = scales(series)
  const bars = values.map((value, i) => {
    const at = `x="${LEFT + (i + 0.14) * step}" y="${y(value)}"`
    const size = `width="${step * 0.72}" height="${HEIGHT - BOTTOM - y(value)}"`
    const note = `${labels[i]}: ${numberText(value)} ${unit}`
    return `<rect class="bar" ${at} ${size} rx="2"><title>${escaped(note)}</title></rect>`
  })
  return framed(series, bars)
}

export function lineChart(series: Series): string {
  const { step, y } = scales(series)
  const points = series.values.map((value, i) => `${LEFT + (i + 0.5) * step},${y(value)}`)
  return framed(series, [`<polyline class="line" points="${points.join(' ')}" />`])
}

/** Both begin at nothing: a bar that does not would lie about its share. */
function scales({ values }: Series) {
  const most = Math.max(1e-9, ...values)
  return {
    most,
    step: (WIDTH - LEFT) / Math.max(1, values.length),
    y: (value: number) => HEIGHT - BOTTOM - (Math.max(0, value) / most) * ROOM,
  }
}

function framed(series: Series, marks: readonly string[]): string {
  const { most, step, y } = scales(series)
  const grid = [0, most / 2, most].map(
    value =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}" />` +
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${numberText(value)}</text>`,
  )
  const every = Math.ceil(series.labels.length / 7)
  const names = series.labels.map((label, i) =>
    i % every === 0
      ? `<text x="${LEFT + (i + 0.5) * step}" y="${HEIGHT - 7}" text-anchor="middle">${escaped(label)}</text>`
      : '',
  )
  const parts = [...grid, ...marks, ...names].join('')
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(series.unit)}">${parts}</svg>`
}

/** Text in HTML: what a table holds is never markup. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)
}

function numberText(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })
}
