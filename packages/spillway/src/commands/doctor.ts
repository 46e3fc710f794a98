import { resolve } from 'node:path'
import { writeJson } from '@spillway/core'
import { configChecks } from '../doctor/config-checks.js'
import { machineChecks } from '../doctor/machine-checks.js'
import { withProgress } from '../terminal/progress.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { VERSION } from '../terminal/version.js'

export interface DoctorOptions {
  readonly config?: string
  readonly json?: boolean
}

/** `spillway doctor`: what works here, and of a configuration which tables can be read. True where all of it does. */
export async function doctorCommand(options: DoctorOptions, terminal: Terminal): Promise<boolean> {
  const checks = await withProgress(terminal, 'checking', async progress => {
    const found = await machineChecks()
    if (options.config === undefined) return found
    progress.say('reading tables')
    const path = resolve(terminal.folder, options.config)
    return [...found, ...(await configChecks(path, terminal.signal))]
  })
  if (options.json) {
    await writeLine(
      terminal.stdout,
      writeJson({ version: VERSION, checks: checks.map(each => ({ ...each })) }),
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
