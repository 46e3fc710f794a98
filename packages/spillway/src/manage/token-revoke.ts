import { TableError } from '@spillway/core'
import { editConfig } from '../edit/edit-config.js'
import { dropTokens } from '../edit/recipients.js'
import { didYouMean } from '../recipient/nearest.js'
import { printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { answer, configPath, type ManageOptions } from './manage-options.js'
import { type KnownToken, tokenNames, tokensNamed, tokensOf } from './tokens.js'

export interface TokenRevokeOptions extends ManageOptions {
  readonly all?: boolean
  readonly expired?: boolean
}

/** `spillway token revoke RECIPIENT TOKEN…`: tokens end at once; the recipient and its other tokens stay. */
export async function tokenRevokeCommand(
  { recipient, names }: { readonly recipient: string; readonly names: readonly string[] },
  options: TokenRevokeOptions,
  terminal: Terminal,
): Promise<void> {
  const chosen = [options.all, options.expired, names.length > 0].filter(each => each === true)
  if (chosen.length !== 1) {
    throw new TableError(
      'INVALID_REQUEST',
      'expected tokens by their hash or label, or --all, or --expired: `spillway token list` shows them',
    )
  }
  const path = configPath(options, terminal)
  const { result, changed } = await editConfig(path, (document, config) => {
    const known = tokensOf(config, { name: recipient, now: Date.now() })
    const revoked = known.filter(token => isChosen(token, { known, names, options }))
    dropTokens(
      document,
      recipient,
      revoked.map(({ sha256 }) => sha256),
    )
    const missing = names.filter(name => tokensNamed(known, name).length === 0)
    const near = missing.map(name => `${name}${didYouMean(name, tokenNames(known))}`)
    return { result: { revoked, near }, changed: revoked.length > 0 }
  })
  const { revoked, near } = result
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = { changed, recipient, config: path, revoked: revoked.map(({ token }) => token) }
  const lines = [
    ...revoked.map(
      ({ token, label }) =>
        `${style.green('✓')} revoked token ${token}${label === null ? '' : ` (${printable(label)})`} of ${printable(recipient)}`,
    ),
    ...(changed ? [`  a running server takes it up by itself: ${path}`] : []),
    ...(!changed && near.length === 0 ? ['there was nothing to revoke'] : []),
  ]
  await answer({ facts, lines }, options, terminal)
  for (const name of near) {
    await writeLine(
      terminal.stderr,
      `spillway: ${printable(recipient)} has no token ${printable(name)}`,
    )
  }
}

interface Choice {
  readonly known: readonly KnownToken[]
  readonly names: readonly string[]
  readonly options: TokenRevokeOptions
}

function isChosen(token: KnownToken, { known, names, options }: Choice): boolean {
  if (options.all) return true
  if (options.expired) return token.expired
  return names.some(name => tokensNamed(known, name).includes(token))
}
