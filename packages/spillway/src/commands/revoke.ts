import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { TableError } from '@spillway/core'
import type { ServeConfig } from '../configuration/config.js'
import { dropFrom, type Named, namesOfKind } from '../edit/dropped.js'
import { editConfig } from '../edit/edit-config.js'
import { notThere } from '../edit/named-lists.js'
import { NAMED_KINDS } from '../edit/shared-kinds.js'
import { invalidName, sharedNameOf } from '../edit/shares.js'
import { didYouMean } from '../recipient/nearest.js'
import { askServer, type Held, remainingOf, sharesObjects } from '../serve/signed-access.js'
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
  readonly volume?: string
  readonly model?: string
  readonly skill?: string
  readonly dryRun?: boolean
  /** A name that is not there is told, and no error: what is wanted is so already. */
  readonly orNothing?: boolean
  readonly json?: boolean
}

/**
 * `spillway revoke`: takes a recipient, a share or something of it out of the configuration, which a running server takes up by
 * itself, and says what recipients hold that nobody can call back, and until when.
 */
export async function revokeCommand(options: RevokeOptions, terminal: Terminal): Promise<void> {
  return revoke(revokedOf(options), options, terminal)
}

/** The same of what was found by its name; folders of skills and versions of models, too. */
export async function revoke(
  revoked: Named,
  options: RevokeOptions,
  terminal: Terminal,
): Promise<void> {
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
  if (!changed) {
    const { kind: what, name } = revoked
    return reportNothing({ what, name, names: result.names, path }, options, terminal)
  }
  const before = Date.now()
  // Asked once a server has taken the file up: what it signed until then is told as well.
  if (!options.dryRun && config.server.admin !== undefined) await setTimeout(TAKEN_UP_MS)
  const held = await askServer(config)
  const made = { revoked, removed: result.removed, path, held, before, config: result.before }
  await report(made, options, terminal)
}

interface Missing {
  /** The kind, in words. */
  readonly what: string
  readonly name: string
  /** That may have been meant. */
  readonly names: readonly string[]
  /** Of the configuration. */
  readonly path: string
}

/** Told where a person looks: who takes a name back that is not there may have misspelt it. */
export async function reportNothing(
  { what, name, names, path }: Missing,
  { json, dryRun = false }: RevokeOptions,
  { stdout, stderr }: Terminal,
): Promise<void> {
  if (json) {
    const facts = { config: path, dryRun, changed: false, removed: [] }
    await writeLine(stdout, shownJson(facts))
  }
  const near = didYouMean(name, names)
  await writeLine(
    stderr,
    `spillway: there is no ${what} ${printable(name)}: nothing was changed${printable(near)}`,
  )
}

function revokedOf(options: RevokeOptions): Named {
  const kinds = ['recipient', 'share', ...NAMED_KINDS] as const
  const given = kinds.filter(kind => options[kind] !== undefined)
  const [kind] = given
  if (given.length !== 1 || kind === undefined) {
    throw refused('expected one of --recipient, --share, --table, --volume, --model and --skill')
  }
  const name = options[kind]!
  if (kind === 'recipient' || kind === 'share') return { kind, name, names: [name] }
  if (kind === 'model' && name.includes('@')) {
    throw refused(
      `--model takes a whole model back, found ${name}: \`spillway share remove ${name}\` takes one version or alias`,
    )
  }
  const named = sharedNameOf(name)
  if (named === undefined) throw invalidName(name, kind)
  return { kind, name, names: [named.share, named.schema, named.name] }
}

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

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', message)
}
