const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as XML has it; control characters, which XML cannot hold, are left out. */
export function escapeXml(text: string): string {
  const held = [...text].filter(each => each >= ' ' || each === '\t' || each === '\n')
  return held.join('').replace(/[&<>"']/g, each => ESCAPES[each]!)
}

/** An element; numbers are written with a tenth of a pixel, and what is not finite is refused, as no viewer draws it. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content = '',
): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new RangeError(`expected a finite number for ${key} of <${name}>, found ${value}`)
    }
    const text = typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
    return ` ${key}="${escapeXml(text)}"`
  })
  return `<${name}${written.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`
}

/** Colours that stay apart for colour-blind eyes, for light and for dark pages; the first is for what is ours. */
const LIGHT = [
  '#0550ae',
  '#bc4c00',
  '#0f7b5f',
  '#8250df',
  '#9a6700',
  '#bf3989',
  '#57606a',
  '#1b7c83',
]
const DARK = [
  '#79c0ff',
  '#ffa657',
  '#56d4b0',
  '#d2a8ff',
  '#e3b341',
  '#ff9bce',
  '#b1bac4',
  '#76e3ea',
]
export const COLOURS = LIGHT.length

const STYLE = [
  ':root{--page:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0}',
  ...LIGHT.map((colour, i) => `.s${i}{--c:${colour}}`),
  '@media(prefers-color-scheme:dark){:root{--page:#151b23;--ink:#f0f6fc;--soft:#9198a1;--line:#3d444d}',
  ...DARK.map((colour, i) => `.s${i}{--c:${colour}}`),
  '}text{font:12px system-ui,sans-serif;fill:var(--soft)}.title{font-size:15px;font-weight:600;fill:var(--ink)}',
  '.page{fill:var(--page)}.grid{stroke:var(--line)}.plot{fill:none;stroke:var(--c);stroke-width:2}',
  '.mark{fill:var(--c)}.name{fill:var(--c);font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}',
].join('')

export interface Page {
  readonly title: string
  /** Read out by what reads pictures to people. */
  readonly description: string
  readonly width: number
  readonly height: number
}

/** A picture with its own page below it, so that it can be read wherever it is shown. */
export function page(
  { title, description, width, height }: Page,
  parts: readonly string[],
): string {
  const content = [
    element('title', {}, escapeXml(title)),
    element('desc', {}, escapeXml(description)),
    element('style', {}, STYLE),
    element('rect', { class: 'page', width, height, rx: 6 }),
    element('text', { class: 'title', x: 16, y: 26 }, escapeXml(title)),
    ...parts,
  ]
  const frame = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}` }
  return `${element('svg', { ...frame, width, height, role: 'img' }, `\n${content.join('\n')}\n`)}\n`
}
