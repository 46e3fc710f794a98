import { verifyCache } from '@spillway/client/node'
import { formatBytes, formatCount, formatPercent, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { type CacheOptions, requiredCache } from './cache-options.js'

export interface CacheVerifyOptions extends CacheOptions {
  readonly dryRun?: boolean
}

/** `spillway cache verify`: false where a file was damaged. */
export async function cacheVerifyCommand(
  options: CacheVerifyOptions,
  terminal: Terminal,
): Promise<boolean> {
  const path = requiredCache(options, terminal)
  const { same, bytes, damaged, strange } = await withProgress(
    terminal,
    'reading the cache',
    progress =>
      verifyCache(path, {
        dryRun: options.dryRun,
        signal: terminal.signal,
        onProgress: told =>
          progress.say(
            `${formatBytes(told.bytesDone)} of ${formatBytes(told.bytes)} (${formatPercent(told.bytesDone, told.bytes)})`,
          ),
      }),
  )
  const ok = damaged.length === 0
  if (options.json) {
    const lists = {
      damaged: damaged.map(({ sha256, size }) => ({ sha256, size })),
      strange: [...strange],
    }
    await writeLine(terminal.stdout, shownJson({ ok, same, bytes, ...lists }))
    return ok
  }
  const done = options.dryRun ? 'damaged' : 'damaged: removed'
  const lines = [
    ...damaged.map(({ sha256 }) => `${sha256}  ${done}`),
    ...strange.map(each => `${printable(each)}  is no file of the cache: left where it is`),
    `${formatCount(same, 'file')} whole, ${formatBytes(bytes)}${ok ? '' : `, ${formatCount(damaged.length)} damaged`}`,
  ]
  for (const line of lines) await writeLine(terminal.stdout, line)
  return ok
}
