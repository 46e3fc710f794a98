import { loadConfig } from '../configuration/config.js'
import { editConfig } from '../edit/edit-config.js'
import { addGrants, addRecipient } from '../edit/recipients.js'
import { formatTable, printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, type ManageOptions, nextCommand } from './manage-options.js'
import { tokensOf } from './tokens.js'

export interface RecipientAddOptions extends ManageOptions {
  readonly share?: readonly string[]
}

/** `spillway recipient add NAME`: somebody to share with, without a token yet. */
export async function recipientAddCommand(
  name: string,
  options: RecipientAddOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const { result, changed } = await editConfig(path, document => {
    const isNew = addRecipient(document, name)
    const granted = addGrants(document, name, options.share ?? [])
    return { result: { isNew, granted }, changed: isNew || granted.length > 0 }
  })
  const { isNew, granted } = result
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = { changed, recipient: name, config: path, added: isNew, granted: [...granted] }
  const lines = [
    `${style.green('✓')} ${isNew ? 'added recipient' : 'there is a recipient'} ${printable(name)}${isNew ? '' : ' already'}`,
    ...granted.map(share => `  granted ${printable(share)}`),
    ...(isNew
      ? [`  ${nextCommand(`token add ${printable(name)}`, options)} makes the profile to hand over`]
      : []),
  ]
  await answer({ facts, lines }, options, terminal)
}

/** `spillway recipient list`: who is shared with, what, and how many of their tokens are good. */
export async function recipientListCommand(
  options: ManageOptions,
  terminal: Terminal,
): Promise<void> {
  const config = await loadConfig(configPath(options, terminal))
  const now = Date.now()
  const recipients = (config.shares.recipients ?? []).map(({ name, shares = [] }) => {
    const tokens = tokensOf(config, { name, now }).filter(({ expired }) => !expired)
    const ends = tokens.flatMap(({ expires }) => (expires === null ? [] : [expires])).sort()
    return { name, shares: [...shares], tokens: tokens.length, nextExpiry: ends[0] ?? null }
  })
  const style = styleFor(terminal.stdout, terminal.environment)
  const lines =
    recipients.length === 0
      ? [`there are no recipients: ${nextCommand('recipient add NAME', options)} adds one`]
      : formatTable(
          [
            { title: 'recipient' },
            { title: 'shares' },
            { title: 'tokens', align: 'right' },
            { title: 'next expiry' },
          ],
          recipients.map(({ name, shares, tokens, nextExpiry }) => [
            name,
            shares.join(', '),
            String(tokens),
            nextExpiry?.slice(0, 10) ?? '',
          ]),
          style,
        )
  await answer({ facts: { recipients }, lines }, options, terminal)
}
