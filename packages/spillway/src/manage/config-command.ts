import { writeJson } from '@spillway/core'
import { examineConfigFile, type ServeConfig } from '../configuration/config.js'
import { configJsonSchema } from '../configuration/config-json-schema.js'
import { tablesOf } from '../configuration/config-tables.js'
import { configError } from '../problems/placed-problems.js'
import { formatCount } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { configPath, type ManageOptions } from './manage-options.js'

/** `spillway config check`: all that is wrong with the file, or what it shares. True where nothing is wrong. */
export async function configCheckCommand(
  options: ManageOptions,
  terminal: Terminal,
): Promise<boolean> {
  const path = configPath(options, terminal)
  const { config, problems } = await examineConfigFile(path)
  if (options.json) {
    const found = problems.map(each => ({ ...each }))
    const facts = { ok: config !== undefined, path, problems: found, ...(config && counts(config)) }
    await writeLine(terminal.stdout, writeJson(facts))
    return config !== undefined
  }
  if (config === undefined) throw configError(path, problems)
  const style = styleFor(terminal.stdout, terminal.environment)
  const { shares, tables, recipients } = counts(config)
  const summary = [
    formatCount(shares, 'share'),
    formatCount(tables, 'table'),
    formatCount(recipients, 'recipient'),
  ]
  await writeLine(terminal.stdout, `${style.green('✓')} ${path} is valid: ${summary.join(', ')}`)
  return true
}

/** `spillway config schema`: the JSON Schema of the file, for editors. */
export async function configSchemaCommand(terminal: Terminal): Promise<void> {
  await writeLine(terminal.stdout, JSON.stringify(configJsonSchema(), undefined, 2))
}

function counts({ shares }: ServeConfig) {
  const { shares: all = [], recipients = [] } = shares
  return { shares: all.length, tables: tablesOf(shares).length, recipients: recipients.length }
}
