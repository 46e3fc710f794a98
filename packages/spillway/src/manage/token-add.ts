import { editConfig } from '../edit/edit-config.js'
import { addGrants, addRecipient, addToken, type WrittenToken } from '../edit/recipients.js'
import { printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, expiryOf, type ManageOptions, nextCommand } from './manage-options.js'
import { endpointNote, endpointOf, newToken, withProfile, writeProfile } from './new-profile.js'
import { tokenId, tokensOf } from './tokens.js'

export interface TokenAddOptions extends ManageOptions {
  readonly endpoint?: string
  readonly share?: readonly string[]
  readonly label?: string
  readonly expires?: string
  readonly out?: string
}

interface Made {
  readonly recipient: string
  readonly token: string
  readonly label: string | undefined
  readonly endpoint: string
  readonly expiresAt: string | undefined
  readonly profile: string | null
  readonly granted: readonly string[]
}

/**
 * `spillway token add RECIPIENT`: makes a token, writes its hash into the configuration and the token into a profile file
 * for the recipient, the only place where it is ever written. With a label, one token of that label.
 */
export async function tokenAddCommand(
  recipient: string,
  options: TokenAddOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const now = Date.now()
  const { label } = options
  const token = newToken()
  const expiresAt = options.expires === undefined ? undefined : expiryOf(options.expires, now)
  const written: WrittenToken = {
    sha256: token.sha256,
    ...(label !== undefined && { label }),
    createdAt: new Date(now).toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
  }
  const plan = { recipient, out: options.out, endpoint: '', expiresAt }
  const { result, changed } = await withProfile(undo =>
    editConfig(
      path,
      (document, config) => {
        const isNew = addRecipient(document, recipient)
        const granted = addGrants(document, recipient, options.share ?? [])
        const known = isNew || label === undefined ? [] : tokensOf(config, { name: recipient, now })
        const same = known.find(each => each.label === label && !each.expired)
        if (same === undefined) {
          addToken(document, recipient, written)
          plan.endpoint = endpointOf(config, options.endpoint)
        }
        return { result: { granted, same }, changed: same === undefined || granted.length > 0 }
      },
      {
        before: async () => {
          if (plan.endpoint !== '') undo.profile = await writeProfile(token, plan, terminal)
        },
      },
    ).then(edited => ({ ...edited, result: { ...edited.result, profile: undo.profile } })),
  )
  const { granted, same, profile } = result
  await reportAdded(
    {
      made: {
        ...plan,
        label,
        granted,
        token: same?.token ?? tokenId(token.sha256),
        profile: profile?.path ?? null,
      },
      changed,
      path,
    },
    options,
    terminal,
  )
}

async function reportAdded(
  {
    made,
    changed,
    path,
  }: { readonly made: Made; readonly changed: boolean; readonly path: string },
  options: ManageOptions,
  terminal: Terminal,
): Promise<void> {
  const { recipient, token, label, endpoint, expiresAt, profile, granted } = made
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = {
    changed,
    recipient,
    token,
    label: label ?? null,
    profile,
    endpoint: profile === null ? null : endpoint,
    config: path,
    granted: [...granted],
    expiresAt: expiresAt ?? null,
  }
  const grants = granted.map(share => `  granted ${printable(share)}`)
  const lines =
    profile === null
      ? [
          `${style.green('✓')} ${printable(recipient)} has a token labelled ${printable(label ?? '')} (${token}) already: none was made`,
          ...grants,
          `  ${nextCommand(`token rotate ${printable(recipient)}`, options)} makes a new one in its place`,
        ]
      : [
          `${style.green('✓')} ${style.bold(profile)} is the profile for ${printable(recipient)}: hand it over once, over a safe channel`,
          `  ${path} now holds the hash of token ${token}`,
          ...grants,
          ...(expiresAt === undefined ? [] : [`  it expires at ${expiresAt}`]),
          ...endpointNote(endpoint),
        ]
  await answer({ facts, lines }, options, terminal)
}
