import { listCache } from '@spillway/client/node'
import { formatBytes, formatCount, pad } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { type CacheOptions, requiredCache } from './cache-options.js'

/** `999 bytes` */
const SIZE_WIDTH = 9

/** `spillway cache ls`: files by their digest, last used first; those of a disk, so that nothing of it is read. */
export async function cacheLsCommand(options: CacheOptions, terminal: Terminal): Promise<void> {
  const { files } = await listCache(requiredCache(options, terminal), { signal: terminal.signal })
  const byUse = [...files].sort((a, b) => b.lastUsedMs - a.lastUsedMs)
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const facts = byUse.map(({ sha256, size, lastUsedMs }) => ({
    sha256,
    size,
    lastUsed: new Date(lastUsedMs).toISOString(),
  }))
  if (options.json) return writeLine(terminal.stdout, shownJson({ files: facts, bytes }))
  const style = styleFor(terminal.stdout, terminal.environment)
  const lines = [
    // Whole digests: whoever wants one has it from elsewhere.
    ...facts.map(
      ({ sha256, size, lastUsed }) =>
        `${sha256}  ${pad(formatBytes(size), SIZE_WIDTH, 'right')}  ${style.dim(`${lastUsed.slice(0, 16)}Z`)}`,
    ),
    style.dim(`${formatCount(files.length, 'file')}, ${formatBytes(bytes)}`),
  ]
  for (const line of lines) await writeLine(terminal.stdout, line)
}
