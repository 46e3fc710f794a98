import { describe, expect, it } from 'vitest'
import { nearestNames } from '../../src/recipient/nearest.js'
import { partitionChart } from '../../src/recipient/partition-chart.js'
import { canvasOf, printsUnicode } from '../../src/terminal/canvas.js'
import { barChart, barText, type Canvas, keptBar, largestRows } from '../../src/terminal/chart.js'
import { textWidth } from '../../src/terminal/format-table.js'
import { styleFor } from '../../src/terminal/style.js'

const plain = styleFor({ isTTY: false }, {})
const canvas = (width: number, unicode = true): Canvas => ({ width, unicode, style: plain })

describe('bars', () => {
  it.each([
    [0, 10, ''],
    [10, 10, '████████'],
    [5, 10, '████'],
    [1, 64, '▏'],
    [9, 64, '█▏'],
    // Whatever is not nothing is seen.
    [1, 1_000_000, '▏'],
    [20, 10, '████████'],
    [1, 0, ''],
    [Number.NaN, 10, ''],
  ])('%d of %d is drawn in eighths', (part, whole, bar) => {
    expect(barText(part, whole, { width: 8, unicode: true })).toBe(bar)
  })

  it('are whole characters in ASCII', () => {
    expect(barText(1, 3, { width: 9, unicode: false })).toBe('###')
    expect(barText(1, 1000, { width: 9, unicode: false })).toBe('#')
  })

  it.each([
    [0, 4, '░░░░'],
    [1, 1000, '█░░░'],
    [999, 1000, '███░'],
    [4, 4, '████'],
    [0, 0, '░░░░'],
  ])('%d kept of %d never looks like none or all unless it is', (kept, total, bar) => {
    expect(keptBar(kept, total, canvas(4))).toBe(bar)
  })
})

describe('a bar chart', () => {
  const rows = [
    { label: 'day=2026-03-01', value: 4, text: '4 files' },
    { label: 'a name that is far too long for the room there is', value: 2, text: '2 files' },
    { label: '日本', value: 0, text: '0 files' },
    { label: '3 smaller', value: 9, text: '9 files', dim: true },
  ]

  it.each([20, 40, 80, 200])('of %d columns is no wider, its texts under each other', width => {
    const lines = barChart(rows, canvas(width))
    expect(lines.every(line => textWidth(line) <= Math.max(width, 25))).toBe(true)
    const starts = lines.map(line => textWidth(line.slice(0, line.search(/\d files$/))))
    expect(new Set(starts).size).toBe(1)
  })

  it('measures bars by the greatest of them, a rest left out', () => {
    expect(
      barChart(
        rows.filter(({ label }) => label !== rows[1]!.label),
        canvas(40, false),
      ),
    ).toEqual([
      'day=2026-03-01  ###############  4 files',
      '日本                             0 files',
      '3 smaller                        9 files',
    ])
  })

  it('of nothing is nothing', () => {
    expect(barChart([], canvas(40))).toEqual([])
  })

  it('lets no label take the terminal over', () => {
    const [line] = barChart([{ label: '\u001b[2Jgone', value: 1, text: '' }], canvas(40))
    expect(line).not.toContain('\u001b')
  })

  it('colours a terminal unless NO_COLOR says otherwise', () => {
    const stdout = { isTTY: true, columns: 30 } as never
    expect(keptBar(1, 2, canvasOf({ stdout, environment: {} }))).toContain('\u001b[32m')
    expect(keptBar(1, 2, canvasOf({ stdout, environment: { NO_COLOR: '1' } }))).not.toContain(
      '\u001b',
    )
  })
})

describe('partitions', () => {
  const partition = (value: string | null, bytes: number) => ({
    values: { n: value },
    files: 1,
    bytes,
    rows: null,
  })

  it('stand in the order of their values, the smaller ones added up', () => {
    const partitions = [
      partition('10', 40),
      partition('9', 40),
      partition(null, 80),
      partition('b', 1),
      partition('c', 2),
    ]
    expect(partitionChart(partitions, canvas(50, false), 3)).toEqual([
      'n=∅        #####################  1 file, 80 bytes',
      'n=9        ###########            1 file, 40 bytes',
      'n=10       ###########            1 file, 40 bytes',
      '2 smaller                         2 files, 3 bytes',
    ])
  })

  it('keeps every row where there is room', () => {
    expect(largestRows([{ value: 1 }, { value: 2 }], 2).rest).toEqual([])
  })
})

describe('the locale', () => {
  it.each([
    [{}, true],
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C' }, false],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, false],
    [{ LC_ALL: '', LANG: 'C.utf8' }, true],
    [{ TERM: 'dumb', LANG: 'C.utf8' }, false],
  ])('%j says whether more than ASCII is printed', (environment, unicode) => {
    expect(printsUnicode(environment)).toBe(unicode)
  })
})

describe('names that are near', () => {
  const names = ['city.public.trips', 'city.public.stations', 'city.public.weather']
  it.each([
    ['city.public.trip', ['city.public.trips']],
    ['city.public.tirps', ['city.public.trips']],
    ['trips', ['city.public.trips']],
    ['TRIPS', ['city.public.trips']],
    ['other.schema.wether', ['city.public.weather']],
    ['zzzzzz', []],
  ])('%s', (wanted, near) => {
    expect(nearestNames(wanted, names)).toEqual(near)
  })
})
