import { TableError } from '@spillway/core'
import { revokeCommand } from '../commands/revoke.js'
import { loadConfig } from '../configuration/config.js'
import { tablesOf } from '../configuration/config-tables.js'
import { sameName } from '../edit/named-lists.js'
import { tableNameOf } from '../edit/shares.js'
import type { Terminal } from '../terminal/terminal.js'
import { configPath, type ManageOptions } from './manage-options.js'

export interface RemoveOptions extends ManageOptions {
  readonly dryRun?: boolean
}

/** `spillway share remove NAME`: a share, or one table of it; the same as `revoke` says and does. */
export async function shareRemoveCommand(
  name: string,
  options: RemoveOptions,
  terminal: Terminal,
): Promise<void> {
  const { shares } = await loadConfig(configPath(options, terminal))
  const isShare = (shares.shares ?? []).some(share => sameName(share.name, name))
  const table = tableNameOf(name)
  const isTable =
    table !== undefined && tablesOf(shares).some(each => sameName(each.fullName, name))
  // Names of shares may hold dots.
  if (isShare && isTable) {
    const message = `${name} is a share and a table: say which by \`spillway revoke --share\` or \`--table\``
    throw new TableError('INVALID_REQUEST', message)
  }
  const what = isShare || table === undefined ? { share: name } : { table: name }
  await revokeCommand({ ...options, ...what, orNothing: true }, terminal)
}

/** `spillway recipient remove NAME`: with every token and grant; the same as `revoke` says and does. */
export async function recipientRemoveCommand(
  name: string,
  options: RemoveOptions,
  terminal: Terminal,
): Promise<void> {
  await revokeCommand({ ...options, recipient: name, orNothing: true }, terminal)
}
