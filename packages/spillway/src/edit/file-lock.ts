import { randomUUID } from 'node:crypto'
import { link, readFile, rename, stat, unlink, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { TableError } from '@spillway/core'
import { createFile } from './create-file.js'
import { reasonOf } from './replace-file.js'

/** Of a machine that cannot be asked, and of a process that may be another by now, this is how long a lock may lie untouched. */
const STALE_MS = 60_000
const PATIENCE_MS = 20_000
/** A holder touches its lock five times meanwhile: an id says nothing, for the next process may have it, in a container ours. */
const SILENT_MS = 15_000

export interface FileLockOptions {
  /** How long a lock that is looked at stays untouched where nobody holds it any more. 15 seconds by default. */
  readonly silentMs?: number
}

/** Runs `work` while no other command of ours works on the file, here or on another machine that sees it. */
export async function withFileLock<Result>(
  file: string,
  work: () => Promise<Result>,
  { silentMs = SILENT_MS }: FileLockOptions = {},
): Promise<Result> {
  const lock = join(dirname(file), `.${basename(file)}.lock`)
  const own = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() })
  await take(lock, own, silentMs)
  const touching = setInterval(() => void touch(lock, own), silentMs / 5)
  try {
    return await work()
  } finally {
    clearInterval(touching)
    // A lock that was taken from us, as a stale one, is somebody else's.
    if ((await holderOf(lock)) === own) await unlink(lock)
  }
}

async function take(lock: string, own: string, silentMs: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  const isSilent = silence(silentMs)
  while (!(await create(lock, own))) {
    const holder = await holderOf(lock)
    const found = await stat(lock).catch(() => undefined)
    const touched = found?.mtimeMs
    const isOver =
      holder !== undefined &&
      touched !== undefined &&
      (isSilent(`${touched} ${holder}`) || isStale(holder, touched))
    if (isOver) await removeStale(lock, holder)
    else if (Date.now() > until) throw locked(lock)
    else await setTimeout(10 + Math.random() * 40)
  }
}

async function touch(lock: string, own: string): Promise<void> {
  const now = new Date()
  if ((await holderOf(lock)) === own) await utimes(lock, now, now).catch(() => undefined)
}

/** True once the same was seen for so long, by this machine's own measure: the clock of a disk elsewhere may be another. */
function silence(silentMs: number): (seen: string) => boolean {
  let last: string | undefined
  let since = 0
  return seen => {
    if (seen !== last) since = performance.now()
    last = seen
    return performance.now() - since > silentMs
  }
}

/** Appears with what is in it, so that nobody reads an empty one. */
async function create(lock: string, own: string): Promise<boolean> {
  const whole = `${lock}.${randomUUID()}`
  await createFile(whole, { text: own, mode: 0o600 }).catch(cause => {
    throw notWritable(lock, cause)
  })
  try {
    await link(whole, lock)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw notWritable(lock, cause)
  } finally {
    await unlink(whole)
  }
}

async function holderOf(lock: string): Promise<string | undefined> {
  try {
    return await readFile(lock, 'utf8')
  } catch {
    return undefined
  }
}

function isStale(holder: string, touched: number): boolean {
  const { pid, host } = parsed(holder)
  const isEnded = host === hostname() && pid !== undefined && !isRunning(pid)
  return isEnded || Date.now() - touched > STALE_MS
}

function parsed(holder: string): { readonly pid?: number; readonly host?: string } {
  try {
    return JSON.parse(holder) as { readonly pid: number; readonly host: string }
  } catch {
    return {}
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Of two who find it stale the slower one may have moved the other's fresh lock: that is put back. */
async function removeStale(lock: string, holder: string): Promise<void> {
  const moved = `${lock}.${randomUUID()}`
  try {
    await rename(lock, moved)
  } catch {
    return
  }
  if (!isDeepStrictEqual(await holderOf(moved), holder))
    await link(moved, lock).catch(() => undefined)
  await unlink(moved)
}

function locked(lock: string): TableError {
  return new TableError(
    'CONFLICT',
    'another command holds the configuration: try again, or delete its lock if none runs',
    { context: { path: lock } },
  )
}

function notWritable(lock: string, cause: unknown): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `the configuration cannot be changed: in its folder no file can be made (${reasonOf(cause)})`,
    { context: { path: dirname(lock) }, cause },
  )
}
