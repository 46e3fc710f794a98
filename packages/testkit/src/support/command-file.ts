import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** In `dist` as in `src`: this file lies as deep in both. */
const dist = (name: string) =>
  fileURLToPath(new URL(`../../../spillway/dist/${name}`, import.meta.url))

/** The command as the compiler left it: a file for each module, as embedders load them. */
export const compiledCommand = dist('main.js')

/**
 * The file that a test starts as a process of its own: the bundle, which is published, where all was built just now (`npm test`);
 * else what the compiler left last, since a bundle may be older than that.
 */
export const commandFile =
  process.env.SPILLWAY_BUILT === '1' ? dist('bundle/main.js') : compiledCommand

/** `npm test` builds first; a run of vitest alone may not have. */
export const isCommandBuilt = existsSync(commandFile)
