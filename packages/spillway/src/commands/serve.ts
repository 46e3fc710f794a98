import { resolve } from 'node:path'
import { TableError } from '@spillway/core'
import { nameWarnings } from '@spillway/server'
import { loadConfig, type ServeConfig } from '../configuration/config.js'
import { configSummary } from '../configuration/config-counts.js'
import { jsonLogLine, logLine } from '../serve/log-lines.js'
import { type QuietLog, quietLog } from '../serve/quiet-log.js'
import { type RunningServer, startServer } from '../serve/start-server.js'
import { readTlsPair } from '../serve/tls-files.js'
import { watchFile } from '../serve/watch-file.js'
import { CONFIG_FILE } from '../terminal/config-file.js'
import { errorJson } from '../terminal/error-json.js'
import { printable } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

export interface ServeOptions {
  readonly config?: string
  readonly json?: boolean
  readonly check?: boolean
}

/** `spillway serve --config FILE`: until Ctrl-C, and with every change of the file. */
export async function serveCommand(options: ServeOptions, terminal: Terminal): Promise<void> {
  const path = resolve(terminal.folder, options.config ?? CONFIG_FILE)
  const config = await loadConfig(path)
  const say = announcer(options, terminal)
  if (options.check) {
    if (config.server.tls) await readTlsPair(config.server.tls)
    await say('config', `${path} is valid: ${configSummary(config)}`)
    return sayNames(config, say)
  }
  const style = styleFor(terminal.stdout, terminal.environment)
  const quiet = options.json ? jsonLog(terminal) : humanLog(terminal, style)
  const server = await startServer(config, {
    log: quiet.log,
    onCertificate: change => void say(...certificateLine(change)),
    onError: onceEach(text => void say('failed', text)),
  })
  const watching = watchFile(path, () => void reload(server, path, say))
  const socket = new URL(server.socketUrl).host
  await say('listening', `${server.endpoint} (on ${socket}; ${configSummary(config)})`)
  if (server.adminUrl !== undefined) await say('metrics', `${server.adminUrl}/metrics`)
  if (config.secrets.length === 0) {
    await say(
      'note',
      'without server.secret, signed URLs and page tokens end when this process does',
    )
  }
  await sayNames(config, say)
  await aborted(terminal.signal)
  watching.stop()
  await say('stopping', 'waiting for requests under way')
  await server.close()
  quiet.end()
}

/** The first few: `doctor` says all. */
async function sayNames({ shares }: ServeConfig, say: Say): Promise<void> {
  const warnings = nameWarnings(shares)
  const shown = warnings.slice(0, MOST_NAMES)
  for (const warning of shown) await say('note', warning)
  const more = warnings.length - shown.length
  if (more > 0)
    await say('note', `${more} more names like these: spillway doctor --config lists them`)
}

const MOST_NAMES = 3

function certificateLine(change: { readonly endsAt: number } | TableError): [string, string] {
  if (change instanceof TableError) return ['kept', `the old certificate: ${change.message}`]
  return ['reloaded', `the certificate, good until ${new Date(change.endsAt).toISOString()}`]
}

/** What fails in the background is tried again and again: each fault is said once. */
function onceEach(say: (text: string) => void): (error: unknown) => void {
  const said = new Set<string>()
  return error => {
    const { message, context } = errorJson(error)
    const where = Object.entries(context).map(([key, value]) => `  ${key}=${value}`)
    const text = printable(`in the background: ${message}${where.join('')}`)
    if (said.has(text) || said.size >= MOST_FAULTS) return
    said.add(text)
    say(text)
  }
}

const MOST_FAULTS = 1000

type Say = (event: string, text: string) => Promise<void>

function announcer({ json }: ServeOptions, terminal: Terminal): Say {
  const style = styleFor(terminal.stdout, terminal.environment)
  return (event, text) =>
    writeLine(
      terminal.stdout,
      json ? shownJson({ event, text }) : `${style.bold(event.padEnd(9))} ${text}`,
    )
}

async function reload(server: RunningServer, path: string, say: Say): Promise<void> {
  try {
    const config = await loadConfig(path)
    server.reload(config)
    await say('reloaded', configSummary(config))
  } catch (error) {
    // What was being served is still served.
    await say('kept', `the old configuration: ${errorJson(error).message}`)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function jsonLog({ stderr }: Terminal): QuietLog {
  return quietLog(record => stderr.write(`${jsonLogLine(record)}\n`))
}

function humanLog({ stderr }: Terminal, style: Style): QuietLog {
  return quietLog(record => stderr.write(`${logLine(record, style)}\n`))
}
