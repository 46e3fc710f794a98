import { loadConfig } from '../configuration/config.js'
import { formatTable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, type ManageOptions } from './manage-options.js'
import { type TokenFacts, tokensOf } from './tokens.js'

/** `spillway token list [RECIPIENT]`: what tokens there are, since when and until when; never the tokens. */
export async function tokenListCommand(
  name: string | undefined,
  options: ManageOptions,
  terminal: Terminal,
): Promise<void> {
  const config = await loadConfig(configPath(options, terminal))
  const tokens: readonly TokenFacts[] = tokensOf(config, { name, now: Date.now() }).map(
    ({ sha256: _, ...facts }) => facts,
  )
  const style = styleFor(terminal.stdout, terminal.environment)
  const rows = tokens.map(({ recipient, token, label, created, expires, expired }) => [
    recipient,
    token,
    label ?? '',
    created?.slice(0, 10) ?? '',
    expires === null ? 'never' : `${expired ? 'expired ' : ''}${expires.slice(0, 16)}Z`,
  ])
  const titles = ['recipient', 'token', 'label', 'created', 'expires'].map(title => ({ title }))
  const lines = rows.length === 0 ? ['there are no tokens'] : formatTable(titles, rows, style)
  await answer({ facts: { tokens: tokens.map(each => ({ ...each })) }, lines }, options, terminal)
}
