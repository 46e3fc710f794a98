import {
  createSharingClient,
  parseProfile,
  type SharingClient,
  type TableName,
} from '@spillway/client'
import './style.css'
import { drawPreview, drawTable } from './draw-table.js'
import { card, element } from './element.js'
import { previewRows } from './preview.js'
import { openTable } from './shared-table.js'

const PREVIEW_ROWS = 50

const main = document.querySelector<HTMLElement>('#main')!
const tables = document.querySelector<HTMLElement>('#tables')!
const drop = document.querySelector<HTMLElement>('#drop')!
const file = document.querySelector<HTMLInputElement>('#file')!

/** What is being looked at; looking at something else ends it, requests included. */
let looking = new AbortController()

async function openProfile(text: string): Promise<void> {
  const client = createSharingClient(parseProfile(text), {
    timeouts: { connectMs: 20_000, idleMs: 20_000 },
  })
  tables.replaceChildren()
  for await (const { name: share } of client.shares()) {
    let heading = ''
    for await (const { schema, name } of client.tables(share)) {
      if (heading !== schema) tables.append(element('h3', {}, `${share}.${schema}`))
      heading = schema
      tables.append(tableButton(client, { share, schema, table: name }))
    }
  }
  tables.querySelector('button')?.click()
}

function tableButton(client: SharingClient, name: TableName): HTMLButtonElement {
  const button = element('button', { 'data-table': name.table }, name.table)
  button.addEventListener('click', () => {
    for (const other of tables.querySelectorAll('button')) other.removeAttribute('aria-current')
    button.setAttribute('aria-current', 'true')
    void look(signal => showTable(client, name, signal))
  })
  return button
}

async function showTable(
  client: SharingClient,
  name: TableName,
  signal: AbortSignal,
): Promise<void> {
  main.replaceChildren(element('h2', {}, name.table))
  const table = await openTable(client, name, signal)
  main.replaceChildren(...drawTable(client, table))
  main.append(drawPreview(table, await previewRows(table, PREVIEW_ROWS, signal)))
}

/** Looks at something, and at nothing else any more. Failures are shown with their words. */
async function look(action: (signal: AbortSignal) => Promise<void>): Promise<void> {
  looking.abort()
  looking = new AbortController()
  const { signal } = looking
  try {
    await action(signal)
  } catch (error) {
    if (signal.aborted) return
    const words = error instanceof Error ? error.message : String(error)
    main.querySelector('.empty')?.remove()
    main.append(card('That did not work', '', element('p', { class: 'wrong' }, words)))
  }
}

function openFile(chosen: File | undefined): void {
  if (chosen !== undefined) void look(async () => openProfile(await chosen.text()))
}

file.addEventListener('change', () => openFile(file.files?.[0]))
for (const type of ['dragover', 'dragleave', 'drop']) {
  drop.addEventListener(type, event => {
    event.preventDefault()
    drop.classList.toggle('over', type === 'dragover')
    if (type === 'drop') openFile((event as DragEvent).dataTransfer?.files[0])
  })
}
