import { randomUUID } from 'node:crypto'
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { type JsonValue, TableError } from '@spillway/core'
import { isObject } from '@spillway/protocol/wire'
import { type Folder, removeFrom } from './destination.js'
import { isRunning, type ProcessMark, thisProcess } from './this-process.js'

export interface HeldLock {
  release(): Promise<void>
}

interface Holder extends ProcessMark {
  readonly nonce: string
  readonly since: string
}

const NAME = 'lock'
const HEARTBEAT_MS = 5000
/** Silence after which a process that cannot be looked at is taken for dead. */
const DEAD_AFTER_MS = 60_000

/**
 * One download at a time writes into a folder. A lock that a killed process left is taken over; of processes that cannot be
 * looked at, on another machine or in another container, once they have not touched it for a minute. `onLost` is called where
 * somebody took it although we live, such as after a machine slept.
 */
export async function takeLock(folder: Folder, onLost: () => void): Promise<HeldLock> {
  const own: Holder = { ...thisProcess(), nonce: randomUUID(), since: new Date().toISOString() }
  const unfinished = `${NAME}-${own.nonce}`
  await writeFile(folder.place(unfinished), JSON.stringify(own), { flag: 'wx' })
  try {
    while (!(await linked(folder, unfinished))) {
      const text = await textOf(folder.place(NAME))
      if (text === undefined) continue
      if (!(await isDead(folder, text, own))) throw busy(holderOf(text))
      await removeDead(folder, { text, nonce: own.nonce })
    }
  } finally {
    await removeFrom(folder, unfinished)
  }
  const isOurs = async () => holderOf(await textOf(folder.place(NAME)))?.nonce === own.nonce
  const beat = setInterval(async () => {
    try {
      if (!(await isOurs())) return onLost()
      const now = new Date()
      await utimes(folder.place(NAME), now, now)
    } catch {
      // A disk that does not answer ends the download by itself.
    }
  }, HEARTBEAT_MS)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      if (await isOurs()) await removeFrom(folder, NAME)
    },
  }
}

/** A link has its content at once, and is not made where the name is taken. */
async function linked(folder: Folder, unfinished: string): Promise<boolean> {
  try {
    await link(folder.place(unfinished), folder.place(NAME))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
  }
  // Disks without links.
  const own = await readFile(folder.place(unfinished), 'utf8')
  return writeFile(folder.place(NAME), own, { flag: 'wx' }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

async function textOf(place: string): Promise<string | undefined> {
  try {
    return await readFile(place, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function holderOf(text: string | undefined): Holder | undefined {
  try {
    const value: JsonValue = JSON.parse(text ?? '')
    if (!isObject(value)) return undefined
    const { pid, nonce, host, boot, space, started, since } = value
    if (typeof pid !== 'number' || typeof nonce !== 'string') return undefined
    const words = { host, boot, space, started, since }
    return { pid, nonce, ...mapped(words) }
  } catch {
    return undefined
  }
}

function mapped<Name extends string>(words: Readonly<Record<Name, JsonValue | undefined>>) {
  const entries = Object.entries(words).map(([name, value]) => [name, String(value ?? '')])
  return Object.fromEntries(entries) as Record<Name, string>
}

async function isDead(folder: Folder, text: string, own: ProcessMark): Promise<boolean> {
  const holder = holderOf(text)
  const runs = holder && isRunning(holder, own)
  if (runs !== undefined) return !runs
  const touched = await stat(folder.place(NAME)).catch(() => undefined)
  if (touched === undefined) return false
  // The clock is the disk's: that of another machine may be another.
  const probe = folder.place(`now-${randomUUID()}`)
  await writeFile(probe, '', { flag: 'wx' })
  const { mtimeMs: now } = await stat(probe)
  await unlink(probe)
  return now - touched.mtimeMs > DEAD_AFTER_MS
}

/** Two may see the same dead lock: who moves another one than it saw puts it back. */
async function removeDead(
  folder: Folder,
  { text, nonce }: { readonly text: string; readonly nonce: string },
): Promise<void> {
  const aside = `${NAME}-dead-${nonce}`
  try {
    await rename(folder.place(NAME), folder.place(aside))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if ((await textOf(folder.place(aside))) !== text) {
    await link(folder.place(aside), folder.place(NAME)).catch(() => undefined)
  }
  await removeFrom(folder, aside)
}

function busy(holder: Holder | undefined): TableError {
  const who = holder
    ? `process ${holder.pid} on ${holder.host}, since ${holder.since}`
    : 'another process'
  return new TableError(
    'CONFLICT',
    `another download is writing into this folder (${who}): wait for it, or choose another folder`,
    { context: { ...(holder && { pid: holder.pid }) } },
  )
}
