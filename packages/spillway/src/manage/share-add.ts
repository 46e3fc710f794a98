import { isAbsolute, relative, resolve } from 'node:path'
import { dirname } from 'node:path/posix'
import { isTableError, TableError, type TableFormat } from '@spillway/core'
import type { Document } from 'yaml'
import type { ServeConfig } from '../configuration/config.js'
import { editConfig } from '../edit/edit-config.js'
import { findNamed, mapsIn, nameOf, sameName } from '../edit/named-lists.js'
import { addGrants, addRecipient } from '../edit/recipients.js'
import { addShare, addTable, type TableName, tableNameOf } from '../edit/shares.js'
import { sourceOf } from '../tables/table-source.js'
import { formatCount, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { locationHint } from './location-hint.js'
import { answer, configPath, type ManageOptions } from './manage-options.js'
import { type Readable, readableTable } from './readable-table.js'

export interface ShareAddOptions extends ManageOptions {
  readonly name?: string
  readonly format?: TableFormat
  readonly history?: boolean
  readonly recipient?: readonly string[]
  /** False adds it unread. */
  readonly check?: boolean
}

interface NewTable {
  readonly name: TableName
  readonly fullName: string
  readonly entry: Readonly<Record<string, unknown>>
}

/** `spillway share add LOCATION`: finds what lies there, reads it as the server would, and adds it. */
export async function shareAddCommand(
  location: string | undefined,
  options: ShareAddOptions,
  terminal: Terminal,
): Promise<void> {
  if (location === undefined) return addEmptyShare(options, terminal)
  const path = configPath(options, terminal)
  const folder = dirname(path)
  const entry = {
    location: writtenLocation(location, { from: terminal.folder, folder }),
    ...(options.format !== undefined && { format: options.format }),
    ...(options.history === true && { history: true }),
  }
  const edit = (format: TableFormat | undefined) => (document: Document, config: ServeConfig) => {
    const name = nameFor(location, options.name, document)
    const table: NewTable = {
      name,
      fullName: `${name.share}.${name.schema}.${name.table}`,
      entry: { ...entry, ...(format !== undefined && { format }) },
    }
    const isNew = !isThere(config, table, folder)
    if (isNew) addTable(document, table.name, table.entry)
    const granted = grantAll(document, options.recipient ?? [], name.share)
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
  if (!isTableError(error) || error.code !== 'NOT_FOUND') return error
  const hint = await locationHint(location, folder)
  return new TableError(error.code, `${error.message}${hint}`, {
    context: error.context,
    cause: error,
  })
}

async function addEmptyShare(options: ShareAddOptions, terminal: Terminal): Promise<void> {
  const { name } = options
  if (name === undefined) {
    throw new TableError('INVALID_REQUEST', 'expected a location, or --name for an empty share')
  }
  const path = configPath(options, terminal)
  const { result, changed } = await editConfig(path, document => {
    const isNew = addShare(document, name)
    const granted = grantAll(document, options.recipient ?? [], name)
    return { result: { isNew, granted }, changed: isNew || granted.length > 0 }
  })
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = { changed, share: name, config: path, added: result.isNew, granted: result.granted }
  const what = result.isNew
    ? `added share ${printable(name)}`
    : `share ${printable(name)} is there already`
  const lines = [`${style.green('✓')} ${what}`, ...grantLines(result.granted)]
  await answer({ facts: { ...facts, granted: [...result.granted] }, lines }, options, terminal)
}

function grantAll(
  document: Document,
  recipients: readonly string[],
  share: string,
): readonly string[] {
  return recipients.filter(recipient => {
    addRecipient(document, recipient)
    return addGrants(document, recipient, [share]).length > 0
  })
}

/** As the person wrote it where that is absolute; else relative to the configuration, if it lies below. */
function writtenLocation(
  location: string,
  { from, folder }: { readonly from: string; readonly folder: string },
): string {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location) || isAbsolute(location)) return location
  const absolute = resolve(from, location)
  const below = relative(folder, absolute)
  return below === '' || below.startsWith('..') || isAbsolute(below) ? absolute : `./${below}`
}

/** True where the very same is shared under this name; another table under it is refused. */
function isThere(
  { shares }: ServeConfig,
  { name, fullName, entry }: NewTable,
  folder: string,
): boolean {
  const share = shares.shares?.find(each => sameName(each.name, name.share))
  const schema = share?.schemas?.find(each => sameName(each.name, name.schema))
  const table = schema?.tables?.find(each => sameName(each.name, name.table))
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

const SCHEMA = 'default'
const SHARE = 'shared'

/** What the name leaves out is guessed: the table from its folder, the share and schema where there is only one. */
function nameFor(location: string, given: string | undefined, document: Document): TableName {
  const parts = given?.split('.') ?? []
  if (parts.some(part => part === '')) throw wrongName(given)
  if (parts.length > 2) return tableNameOf(given!)!
  const shares = mapsIn(document.get('shares'))
  if (shares.length > 1) throw wrongName(given, shares.map(nameOf))
  const share = shares.length === 1 ? nameOf(shares[0]!) : SHARE
  const schemas = mapsIn(findNamed(document.get('shares'), share)?.get('schemas'))
  const schema = schemas.length === 1 ? nameOf(schemas[0]!) : SCHEMA
  if (parts.length === 2) return { share, schema: parts[0]!, table: parts[1]! }
  return { share, schema, table: parts[0] ?? tableFrom(location) }
}

function wrongName(given: string | undefined, shares: readonly string[] = []): TableError {
  const which = shares.length > 1 ? `; there are the shares ${shares.join(', ')}` : ''
  const found = given === undefined ? '' : `, found ${given}`
  return new TableError('INVALID_REQUEST', `--name expects share.schema.table${found}${which}`)
}

/** The last part of the location that is a name, in characters that names may have. */
function tableFrom(location: string): string {
  const parts = location.split('/').filter(part => !/[*?[{]/.test(part) && !/^\.{0,2}$/.test(part))
  const last = (parts.at(-1) ?? '').replace(/\.parquet$/i, '')
  const name = last.replace(/[ /.\p{Cc}:]+/gu, '_').slice(0, 255)
  if (name !== '') return name
  throw new TableError(
    'INVALID_REQUEST',
    `${location} says no name: give --name share.schema.table`,
  )
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

function grantLines(recipients: readonly string[]): readonly string[] {
  return recipients.map(recipient => `  granted to ${printable(recipient)}`)
}
