import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { TableError } from '@spillway/core'
import type { SignedEntry } from '@spillway/server'
import type { ServeConfig } from '../configuration/config.js'
import { tablesOf } from '../configuration/config-tables.js'
import { editConfig } from '../edit/edit-config.js'
import { notThere } from '../edit/named-lists.js'
import { dropFrom, invalidName, type Named, namesOfKind, tableNameOf } from '../edit/shares.js'
import { didYouMean } from '../recipient/nearest.js'
import { CONFIG_FILE } from '../terminal/config-file.js'
import { printable } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

/** A server looks at its file every second. */
const TAKEN_UP_MS = 2000

export interface RevokeOptions {
  readonly config?: string
  readonly recipient?: string
  readonly share?: string
  readonly table?: string
  readonly dryRun?: boolean
  /** A name that is not there is told, and no error: what is wanted is so already. */
  readonly orNothing?: boolean
  readonly json?: boolean
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
  const path = resolve(terminal.folder, options.config ?? CONFIG_FILE)
  const { result, config, changed } = await editConfig(
    path,
    (document, before) => {
      const removed = dropFrom(document, revoked)
      const names = namesOfKind(document, revoked.kind)
      if (removed.length === 0 && !options.orNothing) {
        throw notThere(revoked.kind, revoked.name, names)
      }
      return { result: { removed, names, before }, changed: removed.length > 0 }
    },
    { dryRun: options.dryRun },
  )
  if (!changed) return reportNothing({ revoked, names: result.names, path }, options, terminal)
  const before = Date.now()
  // Asked once a server has taken the file up: what it signed until then is told as well.
  if (!options.dryRun && config.server.admin !== undefined) await setTimeout(TAKEN_UP_MS)
  const held = await askServer(config)
  const made = { revoked, removed: result.removed, path, held, before, config: result.before }
  await report(made, options, terminal)
}

/** Told where a person looks: who takes a name back that is not there may have misspelt it. */
async function reportNothing(
  {
    revoked,
    names,
    path,
  }: { readonly revoked: Named; readonly names: readonly string[]; readonly path: string },
  { json, dryRun = false }: RevokeOptions,
  { stdout, stderr }: Terminal,
): Promise<void> {
  const { kind, name } = revoked
  if (json) {
    const facts = { config: path, dryRun, changed: false, removed: [] }
    await writeLine(stdout, shownJson(facts))
  }
  const near = didYouMean(name, names)
  await writeLine(
    stderr,
    `spillway: there is no ${kind} ${printable(name)}: nothing was changed${printable(near)}`,
  )
}

function revokedOf({ recipient, share, table }: RevokeOptions): Named {
  const given = [recipient, share, table].filter(name => name !== undefined)
  if (given.length !== 1) {
    throw refused('expected one of --recipient, --share and --table')
  }
  if (recipient !== undefined) return { kind: 'recipient', name: recipient, names: [recipient] }
  if (share !== undefined) return { kind: 'share', name: share, names: [share] }
  const named = tableNameOf(table!)
  if (named === undefined) throw invalidName(table!)
  return { kind: 'table', name: table!, names: [named.share, named.schema, named.table] }
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
  readonly revoked: Named
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
    const facts = {
      config: path,
      dryRun: options.dryRun === true,
      changed: options.dryRun !== true,
      removed: [...removed],
    }
    const signed = remaining.map(each => ({ ...each }))
    await writeLine(
      terminal.stdout,
      shownJson({
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
  const places = tablesOf(shares).flatMap(
    ({ table: { location, auxiliaryLocations = [], rebase = [] } }) => [
      location,
      ...auxiliaryLocations,
      ...rebase.map(({ to }) => to),
    ],
  )
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

function concerns(entry: SignedEntry, { kind, names }: Named): boolean {
  const [first, schema, table] = names.map(name => name.toLowerCase())
  if (kind === 'recipient') return entry.recipient.toLowerCase() === first
  if (entry.share.toLowerCase() !== first) return false
  return (
    kind === 'share' ||
    (entry.schema.toLowerCase() === schema && entry.table.toLowerCase() === table)
  )
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
