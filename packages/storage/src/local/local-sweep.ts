import { lstat, readdir, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isLeftBehind } from '@spillway/core'
import { isMissing, localError } from './local-error.js'
import { diskPath } from './local-path.js'
import { isUnfinished } from './local-put.js'

/**
 * Removes what writers that were killed left unfinished below a folder of this machine; a write under way stays. Gives
 * how many. Links are not followed.
 */
export async function sweepUnfinished(location: string): Promise<number> {
  return sweepFolder(diskPath(location))
}

async function sweepFolder(folder: string): Promise<number> {
  let removed = 0
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) removed += await sweepFolder(path)
    else if (entry.isFile() && isUnfinished(entry.name) && (await isAbandoned(path, entry.name))) {
      await unlink(path).catch(ignoreMissing)
      removed++
    }
  }
  return removed
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw localError(error, folder)
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const found = await lstat(path).catch(ignoreMissing)
  if (found === undefined) return false
  return isLeftBehind({ name, modifiedAt: found.mtimeMs }, { host: hostname(), self: process })
}

/** Another replica sweeps too, or the writer has just finished. */
function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}
