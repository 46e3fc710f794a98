import type { AnswerFile } from '@spillway/client'
import { drawing } from './element.js'
import { bytesText } from './number-text.js'
import type { SharedTable } from './shared-table.js'

interface Bar {
  readonly label: string
  readonly files: readonly AnswerFile[]
  readonly bytes: number
}

const WIDTH = 900
const HEIGHT = 210
const BOTTOM = 26
const LEFT = 62
const MOST_BARS = 60

/** Bytes by partition, or by file where there are no partitions; what a predicate keeps is filled. */
export function partitionChart(table: SharedTable, kept: ReadonlySet<string>): SVGSVGElement {
  const bars = barsOf(table)
  const most = Math.max(1, ...bars.map(({ bytes }) => bytes))
  const step = (WIDTH - LEFT) / Math.max(bars.length, 1)
  const height = (bytes: number) => (bytes / most) * (HEIGHT - BOTTOM - 8)
  const title = `Bytes of ${bars.length} ${table.partitionColumns.length > 0 ? 'partitions' : 'files'}`
  const svg = drawing('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: 'img',
    'aria-label': title,
  })
  for (const part of [0, 0.5, 1]) svg.append(...gridLine(part, most))
  const every = Math.ceil(bars.length / 8)
  for (const [index, bar] of bars.entries()) {
    const x = LEFT + index * step + step * 0.12
    const column = (bytes: number, kind: string) =>
      drawing('rect', {
        class: kind,
        x,
        y: HEIGHT - BOTTOM - height(bytes),
        width: Math.min(step * 0.76, 90),
        height: Math.max(height(bytes), bytes > 0 ? 1 : 0),
        rx: 2,
      })
    const keptBytes = sizeOf(bar.files.filter(({ id }) => kept.has(id)))
    const note = `${bar.label}: ${bar.files.length} files, ${bytesText(bar.bytes)}`
    const group = drawing('g', {}, drawing('title', {}, note))
    group.append(column(bar.bytes, 'bar'), column(keptBytes, 'bar kept'))
    svg.append(group)
    if (index % every === 0)
      svg.append(drawing('text', { x, y: HEIGHT - 8 }, shortened(bar.label, step * every)))
  }
  return svg
}

function gridLine(part: number, most: number): readonly SVGElement[] {
  const y = HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - 8)
  return [
    drawing('line', { class: 'grid', x1: LEFT, x2: WIDTH, y1: y, y2: y }),
    drawing('text', { x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, bytesText(part * most)),
  ]
}

function barsOf({ files, partitionColumns }: SharedTable): readonly Bar[] {
  if (partitionColumns.length === 0) {
    const largest = [...files].sort((a, b) => b.size - a.size).slice(0, MOST_BARS)
    return largest.map((file, i) => ({ label: `file ${i + 1}`, files: [file], bytes: file.size }))
  }
  const groups = new Map<string, AnswerFile[]>()
  for (const file of files) {
    const label = partitionColumns.map(name => file.partitionValues[name] ?? 'null').join(' / ')
    const group = groups.get(label)
    if (group === undefined) groups.set(label, [file])
    else group.push(file)
  }
  const bars = [...groups].map(([label, each]) => ({ label, files: each, bytes: sizeOf(each) }))
  return bars.sort((a, b) => (a.label < b.label ? -1 : 1)).slice(-MOST_BARS)
}

function sizeOf(files: readonly AnswerFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

/** About six and a half units a letter. */
function shortened(text: string, room: number): string {
  const letters = Math.max(4, Math.floor(room / 6.5))
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text
}
