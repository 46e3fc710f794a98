import { randomUUID } from 'node:crypto'
import { link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { TableError } from '@spillway/core'

/** A command holds the lock for milliseconds; of a machine that cannot be asked this is how long it may. */
const STALE_MS = 60_000
const PATIENCE_MS = 20_000

/** Runs `work` while no other command of ours works on the file, here or on another machine that sees it. */
export async function withFileLock<Result>(
  file: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = join(dirname(file), `.${basename(file)}.lock`)
  const own = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() })
  await take(lock, own)
  try {
    return await work()
  } finally {
    // A lock that was taken from us, as a stale one, is somebody else's.
    if ((await holderOf(lock)) === own) await unlink(lock)
  }
}

async function take(lock: string, own: string): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  while (!(await create(lock, own))) {
    const holder = await holderOf(lock)
    if (holder !== undefined && (await isStale(lock, holder))) await removeStale(lock, holder)
    else if (Date.now() > until) throw locked(lock)
    else await setTimeout(10 + Math.random() * 40)
  }
}

/** Appears with what is in it, so that nobody reads an empty one. */
async function create(lock: string, own: string): Promise<boolean> {
  const whole = `${lock}.${randomUUID()}`
  try {
    await writeFile(whole, own, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw notWritable(lock, cause)
  }
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

async function isStale(lock: string, holder: string): Promise<boolean> {
  const { pid, host } = parsed(holder)
  if (host === hostname() && pid !== undefined) return !isRunning(pid)
  const found = await stat(lock).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS
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
  const { code } = cause as NodeJS.ErrnoException
  return new TableError(
    'INVALID_REQUEST',
    `the configuration cannot be changed: its folder cannot be written (${code})`,
    { context: { path: dirname(lock) }, cause },
  )
}
