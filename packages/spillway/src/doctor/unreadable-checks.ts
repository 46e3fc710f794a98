import { constants } from 'node:fs'
import { open, opendir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { mapConcurrently, throwIfCancelled } from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { parseUri } from '@spillway/storage'
import { tablesOf } from '../configuration/config-tables.js'
import { formatCount } from '../terminal/format-table.js'
import type { Check } from './check.js'
import { type InTimeOptions, inTime } from './in-time.js'
import { sharedFolders } from './shared-folders.js'

/** Of each folder: enough to find out, and no more than some seconds of a disk's time. */
const MOST_LOOKED_AT = 10_000
const OPENED_AT_ONCE = 16
const MOST_NAMED = 3

/**
 * Files and folders of this machine that are shared, and that the user who runs this may not read: permissions are not
 * seen in a listing, and a recipient who asks for one such file is refused it alone.
 */
export async function unreadableChecks(
  shares: SharesConfig,
  time: InTimeOptions,
): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const { name, path } of foldersOf(shares)) {
    const found: Looked = { count: 0, unreadable: [] }
    // What a slow disk keeps from being looked at in time is told by the other checks of it.
    await inTime(signal => lookInto(path, found, signal), time).catch(() => undefined)
    const { length } = found.unreadable
    if (length === 0) continue
    const named = found.unreadable.slice(0, MOST_NAMED).join(', ')
    const more = length > MOST_NAMED ? `, and ${length - MOST_NAMED} more` : ''
    const detail = `${whoRuns()}, who runs this, may not read ${formatCount(length, 'path')} of it, and a server that they run may not either: ${named}${more}`
    checks.push({ name, ok: true, warning: true, detail })
  }
  return checks
}

interface NamedFolder {
  readonly name: string
  /** On this machine's disk. */
  readonly path: string
}

/** Each once, by the first thing that is shared from it. */
function foldersOf(shares: SharesConfig): readonly NamedFolder[] {
  const places = [
    ...tablesOf(shares).map(({ fullName, table }) => ({
      name: fullName,
      location: table.location,
    })),
    ...sharedFolders(shares),
  ]
  const folders = new Map<string, string>()
  for (const { name, location } of places) {
    const { scheme, key } = parseUri(location)
    const path = `/${key}`
    if (scheme === 'file' && !folders.has(path)) folders.set(path, name)
  }
  return [...folders].map(([path, name]) => ({ name, path }))
}

interface Looked {
  count: number
  readonly unreadable: string[]
}

/** Links are not followed: where they may lead is for the server. */
async function lookInto(path: string, found: Looked, signal: AbortSignal): Promise<void> {
  const folders = [path]
  while (folders.length > 0 && found.count < MOST_LOOKED_AT) {
    throwIfCancelled(signal)
    const folder = folders.pop()!
    const files: string[] = []
    try {
      for await (const entry of await opendir(folder)) {
        if (++found.count > MOST_LOOKED_AT) break
        if (entry.isDirectory()) folders.push(join(folder, entry.name))
        else if (entry.isFile()) files.push(join(folder, entry.name))
      }
    } catch (error) {
      if (isDenied(error)) found.unreadable.push(folder)
    }
    const denied = await mapConcurrently(files, OPENED_AT_ONCE, isUnreadable)
    found.unreadable.push(...files.filter((_, i) => denied[i]))
  }
}

/** Opened, as permissions alone do not tell it: a system may have other rules. */
async function isUnreadable(path: string): Promise<boolean> {
  try {
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    await file.close()
    return false
  } catch (error) {
    return isDenied(error)
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:EACCES|EPERM)$/.test(String(error.code))
}

function whoRuns(): string {
  try {
    return userInfo().username
  } catch {
    return 'the user who runs this'
  }
}
