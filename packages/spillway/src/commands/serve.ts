import { resolve } from 'node:path'
import type { AccessLog, AccessRecord } from '@spillway/server'
import { errorJson } from '../error-json.js'
import { formatCount } from '../format-table.js'
import { jsonText } from '../json-text.js'
import { loadConfig, type ServeConfig } from '../serve/config.js'
import { type RunningServer, startServer } from '../serve/start-server.js'
import { watchFile } from '../serve/watch-file.js'
import { type Style, styleFor } from '../style.js'
import { type Terminal, writeLine } from '../terminal.js'

export interface ServeOptions {
  readonly config: string
  readonly json?: boolean
  readonly check?: boolean
}

/** `spillway serve --config FILE`: until Ctrl-C, and with every change of the file. */
export async function serveCommand(options: ServeOptions, terminal: Terminal): Promise<void> {
  const path = resolve(terminal.folder, options.config)
  const config = await loadConfig(path)
  const say = announcer(options, terminal)
  if (options.check) return say('config', `${path} is valid: ${summary(config)}`)
  const style = styleFor(terminal.stdout, terminal.environment)
  const log = options.json ? jsonLog(terminal) : humanLog(terminal, style)
  const server = await startServer(config, { log })
  const watching = watchFile(path, () => void reload(server, path, say))
  await say('listening', `${server.endpoint} (${summary(config)})`)
  if (server.adminUrl !== undefined) await say('metrics', `${server.adminUrl}/metrics`)
  if (config.server.secret === undefined) {
    await say(
      'note',
      'without server.secret, signed URLs and page tokens end when this process does',
    )
  }
  await aborted(terminal.signal)
  watching.stop()
  await say('stopping', 'waiting for requests under way')
  await server.close()
}

type Say = (event: string, text: string) => Promise<void>

function announcer({ json }: ServeOptions, terminal: Terminal): Say {
  const style = styleFor(terminal.stdout, terminal.environment)
  return (event, text) =>
    writeLine(
      terminal.stdout,
      json ? jsonText({ event, text }) : `${style.bold(event.padEnd(9))} ${text}`,
    )
}

async function reload(server: RunningServer, path: string, say: Say): Promise<void> {
  try {
    const config = await loadConfig(path)
    server.reload(config)
    await say('reloaded', summary(config))
  } catch (error) {
    // What was being served is still served.
    await say('kept', `the old configuration: ${errorJson(error).message}`)
  }
}

function summary({ shares }: ServeConfig): string {
  const all = shares.shares ?? []
  const tables = all.flatMap(share => (share.schemas ?? []).flatMap(schema => schema.tables ?? []))
  return [
    formatCount(all.length, 'share'),
    formatCount(tables.length, 'table'),
    formatCount((shares.recipients ?? []).length, 'recipient'),
  ].join(', ')
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** What the provider can mend: faults of the server, of storage and of the table itself. */
function faultText(status: number, error: unknown): string {
  if (error === undefined) return ''
  const { code, message } = errorJson(error)
  return status >= 500 || code === 'UNSUPPORTED_FEATURE' || code === 'TABLE_CORRUPT' ? message : ''
}

/** One JSON object a request on standard error. */
function jsonLog({ stderr }: Terminal): AccessLog {
  return ({ error, version, ...record }) => {
    const fault = error === undefined ? {} : { error: { ...errorJson(error) } }
    const at = version === undefined ? {} : { version: version.toString() }
    stderr.write(`${jsonText({ ...record, ...at, ...fault })}\n`)
  }
}

function humanLog({ stderr }: Terminal, style: Style): AccessLog {
  return record => stderr.write(`${logLine(record, style)}\n`)
}

function logLine(record: Readonly<AccessRecord>, style: Style): string {
  const { status = 0, recipient = '-', method, route = '(no route)', durationMs = 0 } = record
  const time = new Date(record.time).toISOString().slice(11, 19)
  const paint = status >= 500 ? style.red : status >= 400 ? style.yellow : style.green
  const table = [record.share, record.schema, record.table]
    .filter(part => part !== undefined)
    .join('.')
  const files =
    record.filesReturned === undefined
      ? ''
      : `${record.filesReturned} of ${record.filesTotal ?? '?'} files`
  const { hints } = record
  const unused = hints?.unused ? `${formatCount(hints.unused, 'unused hint')}` : ''
  const fault = faultText(status, record.error)
  const outcome = record.outcome === 'cancelled' ? 'cancelled' : ''
  return [
    style.dim(time),
    paint(String(status)),
    recipient,
    method,
    table === '' ? route : `${route} ${table}`,
    files,
    style.yellow(unused),
    style.dim(`${Math.round(durationMs)} ms`),
    outcome,
    fault,
  ]
    .filter(part => part !== '')
    .join('  ')
}
