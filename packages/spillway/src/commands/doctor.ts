import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { TableError } from '@spillway/core'
import { configChecks } from '../doctor/config-checks.js'
import { machineChecks } from '../doctor/machine-checks.js'
import { CONFIG_FILE } from '../terminal/config-file.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { VERSION } from '../terminal/version.js'

export interface DoctorOptions {
  /** The configuration; `spillway.yaml` of the folder where it is there. */
  readonly config?: string
  /** How long the check of each table may take, in seconds. */
  readonly timeout?: string
  readonly json?: boolean
}

/** `spillway doctor`: what works here, and of a configuration which tables can be read. True where all of it does. */
export async function doctorCommand(options: DoctorOptions, terminal: Terminal): Promise<boolean> {
  const checks = await withProgress(terminal, 'checking', async progress => {
    const seconds = secondsOf(options.timeout)
    const found = await machineChecks()
    const path = resolve(terminal.folder, options.config ?? CONFIG_FILE)
    if (options.config === undefined && !existsSync(path)) return found
    progress.say('reading tables')
    const time = { signal: terminal.signal, seconds, hint: '; --timeout gives it longer' }
    return [...found, ...(await configChecks(path, time))]
  })
  if (options.json) {
    await writeLine(
      terminal.stdout,
      shownJson({ version: VERSION, checks: checks.map(each => ({ ...each })) }),
    )
  } else {
    const style = styleFor(terminal.stdout, terminal.environment)
    for (const { name, ok, warning, detail } of checks) {
      const mark = warning ? style.yellow('!') : ok ? style.green('✓') : style.red('✗')
      await writeLine(terminal.stdout, `${mark} ${style.bold(name)}  ${detail}`)
    }
  }
  return checks.every(({ ok }) => ok)
}

const LONGEST_SECONDS = 86_400

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds
  throw new TableError('INVALID_REQUEST', `--timeout expects seconds, 1 to 86400, found ${text}`)
}
