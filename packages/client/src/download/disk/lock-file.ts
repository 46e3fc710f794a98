import { randomUUID } from 'node:crypto'
import { readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { type JsonValue, TableError } from '@spillway/core'
import { isObject } from '@spillway/protocol/wire'
import { sleep } from '../../http/retry.js'
import { type Folder, removeFrom } from './destination.js'
import { isRunning, type ProcessMark, thisProcess } from './this-process.js'

export interface HeldLock {
  release(): Promise<void>
}

interface Holder extends ProcessMark {
  readonly since: string
}

const PREFIX = 'lock-'
const HEARTBEAT_MS = 5000
/** Silence after which a process that cannot be looked at is taken for dead. */
const DEAD_AFTER_MS = 60_000
/** Of two that begin in the same moment each sees the other: both step back, and come again one after the other. */
const TRIES = 6
const STEP_BACK_MS = 100

/**
 * One download at a time writes into a folder. Each announces itself by a file of its own, and goes on where no other that
 * lives has done so. What a killed process left is removed; of processes that cannot be looked at, on another machine or in
 * another container, once they have not touched it for a minute. `onLost` is called where somebody took ours for such.
 */
export async function takeLock(
  folder: Folder,
  { onLost, signal }: { readonly onLost: () => void; readonly signal?: AbortSignal | undefined },
): Promise<HeldLock> {
  const name = PREFIX + randomUUID()
  const own: Holder = { ...thisProcess(), since: new Date().toISOString() }
  for (let tries = 1; ; tries++) {
    // What has its name is whole.
    await writeFile(folder.place(`new-${name}`), JSON.stringify(own), { flag: 'wx' })
    await rename(folder.place(`new-${name}`), folder.place(name))
    const other = await otherHolder(folder, name, own)
    if (other === undefined) return held(folder, name, onLost)
    await removeFrom(folder, name)
    if (tries >= TRIES) throw busy(other)
    await sleep(STEP_BACK_MS * (0.5 + tries * Math.random()), signal)
  }
}

function held(folder: Folder, name: string, onLost: () => void): HeldLock {
  const beat = setInterval(async () => {
    const now = new Date()
    try {
      await utimes(folder.place(name), now, now)
    } catch (error) {
      // A disk that does not answer ends the download by itself.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') onLost()
    }
  }, HEARTBEAT_MS)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      await removeFrom(folder, name)
    },
  }
}

/** Somebody else who lives. Names are of one process alone, so that to remove a dead one's is to remove no other. */
async function otherHolder(
  folder: Folder,
  name: string,
  own: ProcessMark,
): Promise<Holder | undefined> {
  for (const other of await readdir(folder.place('.'))) {
    if (!other.startsWith(PREFIX) || other === name) continue
    const text = await readFile(folder.place(other), 'utf8').catch(() => undefined)
    // Released meanwhile.
    if (text === undefined) continue
    const holder = holderOf(text)
    if (!(await isDead(folder, { holder, names: [other, name] }, own))) return holder
    await removeFrom(folder, other)
  }
  return undefined
}

async function isDead(
  folder: Folder,
  {
    holder,
    names: [name, ours],
  }: { readonly holder: Holder; readonly names: readonly [string, string] },
  own: ProcessMark,
): Promise<boolean> {
  const runs = isRunning(holder, own)
  if (runs !== undefined) return !runs
  const touched = await stat(folder.place(name)).catch(() => undefined)
  // The clock is the disk's, which has made ours just now: that of another machine may be another.
  const { mtimeMs: now } = await stat(folder.place(ours))
  return touched !== undefined && now - touched.mtimeMs > DEAD_AFTER_MS
}

/** What is no mark of a process is one of nowhere, kept for its minute. */
function holderOf(text: string): Holder {
  const value = parsed(text)
  const word = (name: string) => String(value[name] ?? '')
  return {
    pid: Number(value.pid),
    host: word('host'),
    boot: word('boot'),
    space: word('space'),
    started: word('started'),
    since: word('since'),
  }
}

function parsed(text: string): { readonly [key: string]: JsonValue } {
  try {
    const value: JsonValue = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function busy({ pid, host, since }: Holder): TableError {
  return new TableError(
    'CONFLICT',
    `another download is writing into this folder (process ${pid} on ${host}, since ${since}): wait for it, or choose another folder`,
    { context: { pid } },
  )
}
