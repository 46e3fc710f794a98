import { loadConfig } from '../configuration/config.js'
import { tablesOf } from '../configuration/config-tables.js'
import { sameName } from '../edit/named-lists.js'
import { formatTable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, type ManageOptions, nextCommand } from './manage-options.js'

/** `spillway share list`: every share with its tables, where they lie and who is granted them. */
export async function shareListCommand(options: ManageOptions, terminal: Terminal): Promise<void> {
  const { shares } = await loadConfig(configPath(options, terminal))
  const found = (shares.shares ?? []).map(share => ({
    name: share.name,
    recipients: (shares.recipients ?? [])
      .filter(({ shares: granted = [] }) =>
        granted.some(each => each === '*' || sameName(each, share.name)),
      )
      .map(recipient => recipient.name),
    tables: tablesOf({ shares: [share] }).map(({ fullName, table }) => ({
      name: fullName,
      location: table.location,
      format: table.format ?? null,
    })),
  }))
  const style = styleFor(terminal.stdout, terminal.environment)
  const rows = found.flatMap(({ name, recipients, tables }) => {
    const granted = recipients.join(', ')
    if (tables.length === 0) return [[name, '', granted]]
    return tables.map(table => [table.name, table.location, granted])
  })
  const titles = [{ title: 'shared' }, { title: 'location' }, { title: 'granted to' }]
  const lines =
    rows.length === 0
      ? [`nothing is shared: ${nextCommand('share add LOCATION', options)} adds a table`]
      : formatTable(titles, rows, style)
  await answer({ facts: { shares: found }, lines }, options, terminal)
}
