import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem, type } from 'node:os'
import type { Machine } from './report.js'

/** What a reader has to know of a machine to judge a time; nothing that tells which machine it is. */
export function machine(): Machine {
  const processors = cpus()
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    system: type(),
  }
}

/** Processes that ran or waited for a processor, on average over the last minute. */
export function load(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2))
}

/** The commit of the sources in `folder`, with `+` where tracked files differ from it. */
export function commitOf(folder: string): string {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
    return `${git('rev-parse', '--short=8', 'HEAD')}${changed ? '+' : ''}`
  } catch {
    return 'unknown'
  }
}
