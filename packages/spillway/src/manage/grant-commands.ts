import { TableError } from '@spillway/core'
import { loadConfig, type ServeConfig } from '../configuration/config.js'
import { editConfig } from '../edit/edit-config.js'
import { notThere, sameName } from '../edit/named-lists.js'
import { addGrants, dropGrants } from '../edit/recipients.js'
import { didYouMean } from '../recipient/nearest.js'
import { formatTable, printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { answer, configPath, type ManageOptions } from './manage-options.js'
import { findRecipient } from './tokens.js'

/** Who is granted what. */
export interface GrantNames {
  readonly recipient: string
  readonly shares: readonly string[]
}

/** `spillway grant add RECIPIENT SHARE…`. */
export async function grantAddCommand(
  { recipient, shares }: GrantNames,
  options: ManageOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const { result: granted, changed } = await editConfig(path, (document, config) => {
    const known = shareNames(config)
    const missing = shares.find(
      share => share !== '*' && !known.some(each => sameName(each, share)),
    )
    const added = addGrants(document, recipient, shares)
    if (missing !== undefined) throw notThere('share', missing, known)
    return { result: added, changed: added.length > 0 }
  })
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = { changed, recipient, config: path, granted: [...granted] }
  const lines = changed
    ? [
        ...granted.map(
          share => `${style.green('✓')} granted ${printable(share)} to ${printable(recipient)}`,
        ),
        `  written to ${path}`,
      ]
    : [`${style.green('✓')} ${printable(recipient)} was granted that already`]
  await answer({ facts, lines }, options, terminal)
}

/** `spillway grant remove RECIPIENT SHARE…`. */
export async function grantRemoveCommand(
  { recipient, shares }: GrantNames,
  options: ManageOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const { result, changed } = await editConfig(path, (document, config) => {
    const granted = findRecipient(config.shares.recipients ?? [], recipient).shares ?? []
    if (granted.includes('*') && !shares.includes('*')) throw grantedAll(recipient)
    const removed = dropGrants(document, recipient, shares)
    const missing = shares
      .filter(share => !removed.includes(share))
      .map(share => `${share}${didYouMean(share, granted)}`)
    return { result: { removed, missing }, changed: removed.length > 0 }
  })
  const { removed, missing } = result
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = { changed, recipient, config: path, removed: [...removed] }
  const lines = [
    ...removed.map(
      share =>
        `${style.green('✓')} ${printable(recipient)} is no longer granted ${printable(share)}`,
    ),
    ...(changed ? [`  a running server takes it up by itself: ${path}`] : []),
  ]
  await answer({ facts, lines }, options, terminal)
  for (const share of missing) {
    await writeLine(
      terminal.stderr,
      `spillway: ${printable(recipient)} is not granted ${printable(share)}`,
    )
  }
}

/** `spillway grant list [RECIPIENT]`. */
export async function grantListCommand(
  name: string | undefined,
  options: ManageOptions,
  terminal: Terminal,
): Promise<void> {
  const config = await loadConfig(configPath(options, terminal))
  const recipients = config.shares.recipients ?? []
  const chosen = name === undefined ? recipients : [findRecipient(recipients, name)]
  const grants = chosen.flatMap(({ name: recipient, shares = [] }) =>
    shares.map(share => ({ recipient, share })),
  )
  const style = styleFor(terminal.stdout, terminal.environment)
  const rows = grants.map(({ recipient, share }) => [recipient, share])
  const titles = [{ title: 'recipient' }, { title: 'share' }]
  const lines = rows.length === 0 ? ['there are no grants'] : formatTable(titles, rows, style)
  await answer({ facts: { grants }, lines }, options, terminal)
}

function shareNames({ shares: { shares = [] } }: ServeConfig): readonly string[] {
  return shares.map(({ name }) => name)
}

function grantedAll(recipient: string): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `${recipient} is granted every share by '*': remove that, and grant those that are meant`,
  )
}
