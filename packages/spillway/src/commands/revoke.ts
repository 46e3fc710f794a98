import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { TableError, writeJson } from '@spillway/core'
import type { SignedEntry } from '@spillway/server'
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import { layoutOf, loadConfig, parseConfig, type ServeConfig } from '../serve/config.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

/** A server looks at its file every second. */
const TAKEN_UP_MS = 2000

export interface RevokeOptions {
  readonly config: string
  readonly recipient?: string
  readonly share?: string
  readonly table?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** What is taken back: of a recipient everything, of a share or table from everybody. */
interface Revoked {
  readonly kind: 'recipient' | 'share' | 'table'
  readonly name: string
  readonly names: readonly string[]
}

interface Remaining {
  readonly recipient: string
  readonly table: string
  readonly at: string
  readonly until: string
}

/**
 * `spillway revoke`: takes a recipient, a share or a table out of the configuration, which a running server takes up by
 * itself, and says what recipients hold that nobody can call back, and until when.
 */
export async function revokeCommand(options: RevokeOptions, terminal: Terminal): Promise<void> {
  const revoked = revokedOf(options)
  const path = resolve(terminal.folder, options.config)
  const config = await loadConfig(path)
  const text = await readFile(path, 'utf8')
  const document = parseDocument(text)
  const removed = remove(document, revoked)
  const changed = document.toString(layoutOf(text))
  // Refused before anything is written, so that the file never holds what the server would not load.
  parseConfig(changed, { folder: terminal.folder, path })
  const before = Date.now()
  if (!options.dryRun) await writeFile(path, changed)
  // Asked once a server has taken the file up: what it signed until then is told as well.
  if (!options.dryRun && config.server.admin !== undefined) await setTimeout(TAKEN_UP_MS)
  const held = await askServer(config)
  await report({ revoked, removed, path, held, before, config }, options, terminal)
}

function revokedOf({ recipient, share, table }: RevokeOptions): Revoked {
  const given = [recipient, share, table].filter(name => name !== undefined)
  if (given.length !== 1) {
    throw refused('expected one of --recipient, --share and --table')
  }
  if (recipient !== undefined) return { kind: 'recipient', name: recipient, names: [recipient] }
  if (share !== undefined) return { kind: 'share', name: share, names: [share] }
  // Names of schemas and tables hold no dot, those of shares may.
  const match = /^(.+)\.([^.]+)\.([^.]+)$/.exec(table!)
  if (match === null) throw refused(`--table expects SHARE.SCHEMA.TABLE, found ${table}`)
  return { kind: 'table', name: table!, names: match.slice(1) }
}

/** Edits the document itself: comments and order stay as their author left them. Gives what was taken out. */
function remove(document: Document, { kind, name, names }: Revoked): readonly string[] {
  if (kind === 'recipient') {
    if (!drop(listOf(document, 'recipients'), name)) throw unknown(kind, name)
    return [`recipient ${name}, with every token and grant`]
  }
  const [shareName, schemaName, tableName] = names
  const shares = listOf(document, 'shares')
  if (kind === 'share') {
    if (!drop(shares, name)) throw unknown(kind, name)
    const grantees = mapsOf(listOf(document, 'recipients')).filter(recipient =>
      dropText(recipient.get('shares'), name),
    )
    const all = grantees.map(recipient => `the grant of it to ${recipient.get('name')}`)
    return [`share ${name}, with every table`, ...all]
  }
  const share = find(shares, shareName!)
  const schema = share && find(share.get('schemas'), schemaName!)
  if (schema === undefined || !drop(schema.get('tables'), tableName!)) throw unknown(kind, name)
  return [`table ${name}`]
}

function listOf(document: Document, key: string): unknown {
  return document.get(key)
}

function mapsOf(list: unknown): readonly YAMLMap[] {
  return isSeq(list) ? list.items.filter((item): item is YAMLMap => isMap(item)) : []
}

function isNamed(item: YAMLMap, name: string): boolean {
  return String(item.get('name')).toLowerCase() === name.toLowerCase()
}

function find(list: unknown, name: string): YAMLMap | undefined {
  return mapsOf(list).find(item => isNamed(item, name))
}

function drop(list: unknown, name: string): boolean {
  const found = find(list, name)
  if (found === undefined) return false
  const { items } = list as YAMLSeq
  items.splice(items.indexOf(found), 1)
  return true
}

function dropText(list: unknown, name: string): boolean {
  if (!isSeq(list)) return false
  const kept = list.items.filter(item => String(item).toLowerCase() !== name.toLowerCase())
  const dropped = kept.length < list.items.length
  list.items = kept
  return dropped
}

interface Held {
  readonly since: number
  readonly signed: readonly SignedEntry[]
}

/** What a running server has signed; undefined where none answers. */
async function askServer({ server }: ServeConfig): Promise<Held | undefined> {
  if (server.admin === undefined) return undefined
  const { host, port } = server.admin
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/signed`
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })
    return answer.ok ? ((await answer.json()) as Held) : undefined
  } catch {
    return undefined
  }
}

const ASK_MS = 5000

interface Report {
  readonly revoked: Revoked
  readonly removed: readonly string[]
  readonly path: string
  readonly held: Held | undefined
  readonly before: number
  readonly config: ServeConfig
}

async function report(made: Report, options: RevokeOptions, terminal: Terminal): Promise<void> {
  const { removed, path, held, before, config } = made
  const remaining = remainingOf(made)
  const lifetimeMs = config.server.urlExpiresInSeconds * 1000
  // A server that was started since, or another replica, may have signed what this one does not know of.
  const isComplete = held !== undefined && held.since <= before - lifetimeMs
  const latest = new Date(before + lifetimeMs).toISOString()
  if (options.json) {
    const facts = { config: path, dryRun: options.dryRun === true, removed: [...removed] }
    const signed = remaining.map(each => ({ ...each }))
    await writeLine(
      terminal.stdout,
      writeJson({
        ...facts,
        serverAsked: held !== undefined,
        remaining: signed,
        noLaterThan: latest,
      }),
    )
    return
  }
  const style = styleFor(terminal.stdout, terminal.environment)
  const say = (text: string) => writeLine(terminal.stdout, text)
  for (const what of removed) {
    await say(
      `${style.green(options.dryRun ? '-' : '✓')} ${options.dryRun ? 'would remove' : 'removed'} ${what}`,
    )
  }
  await say(
    `  ${options.dryRun ? 'left as it is' : 'a running server takes it up by itself'}: ${path}`,
  )
  await say('  tokens, pages and URLs of files that the server sends itself end with that')
  for (const { recipient, table, at, until } of remaining) {
    await say(
      `  ${style.yellow('!')} ${recipient} holds signed access to ${table} at ${at} until ${until}`,
    )
  }
  // URLs of local files are the server's own.
  if (!isComplete && sharesObjects(config)) {
    const why =
      held === undefined
        ? 'no running server was asked'
        : 'other replicas, and servers before this one, were not asked'
    await say(
      `  ${style.yellow('!')} ${why}: what object stores serve may be signed until ${latest}, and cannot be called back`,
    )
  }
}

function sharesObjects({ shares, staging }: ServeConfig): boolean {
  const tables = (shares.shares ?? []).flatMap(({ schemas = [] }) =>
    schemas.flatMap(each => each.tables ?? []),
  )
  const places = tables.flatMap(({ location, auxiliaryLocations = [], rebase = [] }) => [
    location,
    ...auxiliaryLocations,
    ...rebase.map(({ to }) => to),
  ])
  return [...places, staging?.location ?? ''].some(each => /^(?!file:)[a-z]\w*:/i.test(each))
}

/** Of what was signed, what only its storage could refuse. */
function remainingOf({ revoked, held, config, before }: Report): readonly Remaining[] {
  return (held?.signed ?? [])
    .filter(({ until, at }) => until > before && !isOwn(at, config))
    .filter(entry => concerns(entry, revoked))
    .map(({ recipient, share, schema, table, at, until }) => ({
      recipient,
      table: `${share}.${schema}.${table}`,
      at,
      until: new Date(until).toISOString(),
    }))
}

/** The server's own URLs end with the grant. */
function isOwn(at: string, { server }: ServeConfig): boolean {
  const own = server.publicUrl ?? `${server.tls ? 'https' : 'http'}://${server.host}:${server.port}`
  return at === new URL(own).origin
}

function concerns(entry: SignedEntry, { kind, names }: Revoked): boolean {
  const [first, schema, table] = names.map(name => name.toLowerCase())
  if (kind === 'recipient') return entry.recipient.toLowerCase() === first
  if (entry.share.toLowerCase() !== first) return false
  return (
    kind === 'share' ||
    (entry.schema.toLowerCase() === schema && entry.table.toLowerCase() === table)
  )
}

function unknown(kind: string, name: string): TableError {
  return refused(`the configuration has no ${kind} ${name}`)
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
