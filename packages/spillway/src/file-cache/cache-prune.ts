import { pruneCache } from '@spillway/client/node'
import { TableError } from '@spillway/core'
import { durationMs } from '../terminal/duration.js'
import { formatBytes, formatCount } from '../terminal/format-table.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { bytesOf, type CacheOptions, requiredCache } from './cache-options.js'

export interface CachePruneOptions extends CacheOptions {
  readonly olderThan?: string
  readonly maxSize?: string
  readonly all?: boolean
  readonly dryRun?: boolean
}

/** `spillway cache prune --older-than 30d`, `--max-size 50GB`, `--all`. */
export async function cachePruneCommand(
  options: CachePruneOptions,
  terminal: Terminal,
): Promise<void> {
  const path = requiredCache(options, terminal)
  const { all, dryRun } = options
  const wanted = { ...ageOf(options), ...sizeOf(options), all, dryRun }
  if (options.olderThan === undefined && options.maxSize === undefined && !all) {
    throw expected('--older-than 30d, --max-size 50GB, or --all', 'none of them')
  }
  const { removed, kept, inUse } = await pruneCache(path, { ...wanted, signal: terminal.signal })
  const bytes = (files: typeof removed) => files.reduce((sum, { size }) => sum + size, 0)
  if (options.json) {
    const facts = {
      changed: removed.length > 0 && dryRun !== true,
      removed: removed.map(({ sha256, size }) => ({ sha256, size })),
      bytes: bytes(removed),
      kept: kept.length,
      keptBytes: bytes(kept),
      inUse,
    }
    return writeLine(terminal.stdout, shownJson(facts))
  }
  const verb = dryRun ? 'to remove' : 'removed'
  const used = inUse === 0 ? '' : `, ${formatCount(inUse)} of them used by a download that runs`
  await writeLine(
    terminal.stdout,
    `${formatCount(removed.length, 'file')} ${verb}, ${formatBytes(bytes(removed))}; ${formatCount(kept.length, 'file')} left, ${formatBytes(bytes(kept))}${used}`,
  )
}

function ageOf({ olderThan }: CachePruneOptions): { readonly unusedSinceMs?: number } {
  if (olderThan === undefined) return {}
  const duration = durationMs(olderThan)
  if (duration === undefined) throw expected('--older-than 30d, 12h or 30m', olderThan)
  return { unusedSinceMs: Date.now() - duration }
}

function sizeOf({ maxSize }: CachePruneOptions): { readonly maxBytes?: number } {
  if (maxSize === undefined) return {}
  const maxBytes = bytesOf(maxSize)
  if (maxBytes === undefined) throw expected('--max-size 50GB, 500MB or 0', maxSize)
  return { maxBytes }
}

function expected(what: string, found: string): TableError {
  return new TableError('INVALID_REQUEST', `expected ${what}, found ${found.slice(0, 100)}`)
}
