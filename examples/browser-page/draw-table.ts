import type { SharingClient } from '@spillway/client'
import { card, element } from './element.js'
import { bytesText, countText, valueText } from './number-text.js'
import { partitionChart } from './partition-chart.js'
import type { Preview } from './preview.js'
import { keptFiles, type SharedTable } from './shared-table.js'

/** Everything that is known about a table before a data file is touched. */
export function drawTable(client: SharingClient, table: SharedTable): readonly Node[] {
  const { share, schema, table: name } = table.name
  const title = element('h2', {}, element('small', {}, `${share}.${schema}.`), name)
  const bytes = table.files.reduce((sum, { size }) => sum + size, 0)
  const rows = table.files.reduce<number | undefined>(
    (sum, file) =>
      sum === undefined || file.rowCount === undefined ? undefined : sum + file.rowCount,
    0,
  )
  const facts = element('div', { class: 'facts' })
  for (const [what, value] of [
    ['files', countText(table.files.length)],
    ['size', bytesText(bytes)],
    ['rows', rows === undefined ? 'unknown' : countText(rows)],
    ['version', String(table.version ?? 'unknown')],
    ['partitioned by', table.partitionColumns.join(', ') || 'nothing'],
  ] as const) {
    facts.append(element('span', {}, `${what} `, element('b', {}, value)))
  }
  return [title, facts, pruning(client, table)]
}

/** The chart, and a predicate that shows what the server would keep of it. */
function pruning(client: SharingClient, table: SharedTable): HTMLElement {
  const all = new Set(table.files.map(({ id }) => id))
  const chart = element('div', {}, partitionChart(table, all))
  const input = element('input', {
    name: 'predicate',
    placeholder: example(table),
    'aria-label': 'Predicate',
  })
  const by = table.partitionColumns.join(', ') || 'file'
  const box = card(`Bytes by ${by}`, `all ${all.size} files`)
  const note = box.querySelector('span')!
  const prune = async (event: Event) => {
    event.preventDefault()
    try {
      const predicate = input.value.trim()
      const kept = predicate === '' ? all : await keptFiles(client, table.name, predicate)
      note.textContent = `${kept.size} of ${all.size} files may match`
      note.classList.remove('wrong')
      chart.replaceChildren(partitionChart(table, kept))
    } catch (error) {
      note.textContent = error instanceof Error ? error.message : String(error)
      note.classList.add('wrong')
    }
  }
  box.append(element('form', { onsubmit: prune }, input, element('button', {}, 'Prune')), chart)
  return box
}

function example({ partitionColumns, files }: SharedTable): string {
  const [column] = partitionColumns
  const value = files.at(-1)?.partitionValues[column ?? '']
  return column && value ? `${column} = '${value}'` : 'id > 100'
}

/** The first rows below the columns' names and types. */
export function drawPreview(table: SharedTable, { rows, fetched, whole }: Preview): HTMLElement {
  const keys = new Set(table.partitionColumns)
  const heads = table.columns.map(({ name, type, comment }) => {
    const attributes = { title: comment ?? name, class: isNumber(type) ? 'number' : 'text' }
    const head = element('th', attributes, name, element('span', {}, type))
    if (keys.has(name)) head.firstChild!.after(element('i', { class: 'key' }, 'partition'))
    return head
  })
  const body = rows.map(row =>
    element('tr', {}, ...table.columns.map(({ name, type }) => cell(row[name], type))),
  )
  const grid = element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...body),
  )
  const note = `${rows.length} rows, for which ${bytesText(fetched)} of ${bytesText(whole)} were fetched by ranges`
  return card('First rows', note, element('div', { class: 'scroll' }, grid))
}

function cell(value: unknown, type: string): HTMLElement {
  const kind = value === null || value === undefined ? 'null' : isNumber(type) ? 'number' : 'text'
  return element('td', { class: kind }, valueText(value, type))
}

function isNumber(type: string): boolean {
  return /^(byte|short|integer|long|float|double|decimal.*)$/.test(type)
}
