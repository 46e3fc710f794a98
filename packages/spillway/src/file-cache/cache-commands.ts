import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.js'
import type { CacheOptions } from './cache-options.js'
import type { CachePruneOptions } from './cache-prune.js'
import type { CacheVerifyOptions } from './cache-verify.js'

/** `spillway cache ls|verify|prune`. Each command is loaded when it is run. */
export function addCacheCommands(
  program: Command,
  terminal: Terminal,
  done: (ok: boolean) => void,
): void {
  const cache = withCache(
    program
      .command('cache')
      .description('the files that downloads keep for others: ls, verify, prune')
      .enablePositionalOptions(false),
  )
  withCache(cache.command('ls').alias('list').description('what it holds, last used first')).action(
    async (_: CacheOptions, command: Command) =>
      (await import('./cache-ls.js')).cacheLsCommand(command.optsWithGlobals(), terminal),
  )
  withCache(cache.command('verify').description('read all of it, and remove what is damaged'))
    .option('--dry-run', 'say what is damaged, and remove nothing')
    .action(async (_: CacheVerifyOptions, command: Command) =>
      done(
        await (await import('./cache-verify.js')).cacheVerifyCommand(
          command.optsWithGlobals(),
          terminal,
        ),
      ),
    )
  withCache(cache.command('prune').description('remove files; none that a running download uses'))
    .option('--older-than <time>', 'what was not used for 30d, 12h, …')
    .option('--max-size <size>', 'what was used longest ago, until 50GB, … are left')
    .option('--all', 'everything')
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .action(async (_: CachePruneOptions, command: Command) =>
      (await import('./cache-prune.js')).cachePruneCommand(command.optsWithGlobals(), terminal),
    )
}

function withCache(command: Command): Command {
  return command
    .option('--cache <folder>', 'the cache; SPILLWAY_CACHE unless given')
    .option('--json', 'print JSON')
}
