import { dirname } from 'node:path/posix'
import { isTableError, TableError, type TableFormat } from '@spillway/core'
import type { Document } from 'yaml'
import type { ServeConfig } from '../configuration/config.js'
import { editConfig } from '../edit/edit-config.js'
import { sameName } from '../edit/named-lists.js'
import { grantShare } from '../edit/recipients.js'
import { nameFor, nameFromLocation, writtenLocation } from '../edit/share-names.js'
import { addShared, fullName, type SharedName } from '../edit/shares.js'
import { locationHint, otherKindHint } from '../readable/location-hint.js'
import { type Readable, readableTable } from '../readable/readable-table.js'
import { sourceOf } from '../tables/table-source.js'
import { formatCount, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, grantLines, type ManageOptions } from './manage-options.js'

export interface AddTableOptions extends ManageOptions {
  readonly name?: string
  readonly format?: TableFormat
  readonly history?: boolean
  readonly recipient?: readonly string[]
  /** False adds it unread. */
  readonly check?: boolean
}

interface NewTable {
  readonly name: SharedName
  readonly fullName: string
  readonly entry: Readonly<Record<string, unknown>>
}

/** Finds which table lies there, reads it as the server would, and adds it. */
export async function shareAddTable(
  location: string,
  options: AddTableOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const folder = dirname(path)
  const entry = {
    location: writtenLocation(location, { from: terminal.folder, folder }),
    ...(options.format !== undefined && { format: options.format }),
    ...(options.history === true && { history: true }),
  }
  const edit = (format: TableFormat | undefined) => (document: Document, config: ServeConfig) => {
    const guess = () => nameFromLocation(location)
    const name = nameFor(document, { kind: 'table', given: options.name, guess })
    const table: NewTable = {
      name,
      fullName: fullName(name),
      entry: { ...entry, ...(format !== undefined && { format }) },
    }
    const isNew = !isThere(config, table, folder)
    if (isNew) addShared(document, { kind: 'table', ...name }, { name: name.name, ...table.entry })
    const granted = grantShare(document, options.recipient ?? [], name.share)
    return { result: { table, isNew, granted }, changed: isNew || granted.length > 0 }
  }
  const planned = await editConfig(path, edit(undefined), { dryRun: true })
  const found =
    options.check === false || !planned.result.isNew
      ? undefined
      : await withProgress(terminal, `reading ${location}`, () =>
          readableTable(planned.config, planned.result.table.fullName, {
            signal: terminal.signal,
            hint: '; --no-check adds it unread',
          }).catch(async error => {
            throw await notFound(error, { location, folder: terminal.folder })
          }),
        )
  const { result, changed } = await editConfig(path, edit(found?.format))
  await report({ ...result, changed, found, path }, options, terminal)
}

/** What a reader does not know: how the person wrote it, and what lies there instead. */
async function notFound(
  error: unknown,
  { location, folder }: { readonly location: string; readonly folder: string },
): Promise<unknown> {
  const code = isTableError(error) ? error.code : undefined
  if (!isTableError(error) || (code !== 'NOT_FOUND' && code !== 'TABLE_CORRUPT')) return error
  // A file without an ending may be Parquet, and is read as that: a licence in a skill is none.
  const hintOf = code === 'NOT_FOUND' ? locationHint : otherKindHint
  const hint = await hintOf(location, folder)
  return new TableError(error.code, `${error.message}${hint}`, {
    context: error.context,
    cause: error,
  })
}

/** True where the very same is shared under this name; another table under it is refused. */
function isThere(
  { shares }: ServeConfig,
  { name, fullName, entry }: NewTable,
  folder: string,
): boolean {
  const share = shares.shares?.find(each => sameName(each.name, name.share))
  const schema = share?.schemas?.find(each => sameName(each.name, name.schema))
  const table = schema?.tables?.find(each => sameName(each.name, name.name))
  if (table === undefined) return false
  const { location } = sourceOf({ location: String(entry.location) }, folder)
  const others = (['format', 'history'] as const).filter(
    key => entry[key] !== undefined && entry[key] !== table[key],
  )
  if (trimmed(table.location) === trimmed(location) && others.length === 0) return true
  const reason =
    others.length > 0 ? `with another ${others.join(' and ')}` : `from ${table.location}`
  throw new TableError(
    'INVALID_REQUEST',
    `${fullName} is shared already, ${reason}: choose another --name, or \`spillway share remove ${fullName}\` first`,
  )
}

function trimmed(location: string): string {
  return location.replace(/\/+$/, '')
}

interface Added {
  readonly table: NewTable
  readonly isNew: boolean
  readonly granted: readonly string[]
  readonly changed: boolean
  readonly found: Readable | undefined
  readonly path: string
}

async function report(added: Added, options: ManageOptions, terminal: Terminal): Promise<void> {
  const { table, isNew, granted, changed, found, path } = added
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = {
    changed,
    kind: 'table',
    name: table.fullName,
    table: table.fullName,
    location: String(table.entry.location),
    config: path,
    added: isNew,
    granted: [...granted],
    found: found === undefined ? null : { ...found },
  }
  const what =
    found && `${found.format} version ${found.version}, ${formatCount(found.files, 'file')}`
  const lines = [
    `${style.green('✓')} ${isNew ? 'added' : 'shared already:'} ${style.bold(printable(table.fullName))}${what === undefined ? '' : `  ${what}`}`,
    ...grantLines(granted),
    ...(changed ? [`  written to ${path}`] : []),
  ]
  await answer({ facts, lines }, options, terminal)
}
