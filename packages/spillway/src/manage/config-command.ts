import { examineConfigFile } from '../configuration/config.js'
import { configCounts, configSummary } from '../configuration/config-counts.js'
import { configJsonSchema } from '../configuration/config-json-schema.js'
import { configError } from '../problems/placed-problems.js'
import { shownJson } from '../terminal/shown-json.js'
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
    const facts = {
      ok: config !== undefined,
      path,
      problems: found,
      ...(config && configCounts(config)),
    }
    await writeLine(terminal.stdout, shownJson(facts))
    return config !== undefined
  }
  if (config === undefined) throw configError(path, problems)
  const style = styleFor(terminal.stdout, terminal.environment)
  await writeLine(terminal.stdout, `${style.green('✓')} ${path} is valid: ${configSummary(config)}`)
  return true
}

/** `spillway config schema`: the JSON Schema of the file, for editors. */
export async function configSchemaCommand(terminal: Terminal): Promise<void> {
  await writeLine(terminal.stdout, JSON.stringify(configJsonSchema(), undefined, 2))
}
