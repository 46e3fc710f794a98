import { resolve } from 'node:path'
import { type JsonObject, TableError } from '@spillway/core'
import { CONFIG_FILE } from '../terminal/config-file.js'
import { DAY_MS, durationMs } from '../terminal/duration.js'
import { printable } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

/** What every command about a configuration takes. */
export interface ManageOptions {
  readonly config?: string
  readonly json?: boolean
}

export function configPath({ config }: ManageOptions, { folder }: Terminal): string {
  return resolve(folder, config ?? CONFIG_FILE)
}

/** A command as it is to be typed after this one: about the same configuration. */
export function nextCommand(words: string, { config }: ManageOptions): string {
  if (config === undefined) return `\`spillway ${words}\``
  const file = /^[\w./-]+$/.test(config) ? config : `'${config.replaceAll("'", "'\\''")}'`
  return `\`spillway ${words} --config ${file}\``
}

/** Prints facts as JSON where that was asked for, else lines for people. */
export async function answer(
  { facts, lines }: { readonly facts: JsonObject; readonly lines: readonly string[] },
  { json }: ManageOptions,
  { stdout }: Terminal,
): Promise<void> {
  if (json) return writeLine(stdout, shownJson(facts))
  for (const line of lines) await writeLine(stdout, line)
}

export function grantLines(recipients: readonly string[]): readonly string[] {
  return recipients.map(recipient => `  granted to ${printable(recipient)}`)
}

/** A duration from now, or a moment in ISO 8601. */
export function expiryOf(text: string, now: number): string {
  const duration = durationMs(text)
  const at = duration === undefined ? Date.parse(text) : now + duration
  if (Number.isFinite(at) && at > now && at < now + LONGEST_MS) return new Date(at).toISOString()
  throw new TableError(
    'INVALID_REQUEST',
    `--expires expects 90d, 12h or a coming moment in ISO 8601, found ${text}`,
  )
}

/** A hundred years: later moments are not written in four digits, and nobody means them. */
const LONGEST_MS = 36_525 * DAY_MS
