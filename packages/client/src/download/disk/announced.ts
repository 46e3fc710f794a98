import { randomUUID } from 'node:crypto'
import { lstat, lutimes, readdir, rename, writeFile } from 'node:fs/promises'
import type { JsonValue } from '@spillway/core'
import { isObject } from '@spillway/protocol/wire'
import { type Folder, removeFrom } from './destination.js'
import { readOwn } from './own-file.js'
import { isRunning, type ProcessMark, thisProcess } from './this-process.js'

/** A process that has said in a folder that it lives. */
export interface Announced extends ProcessMark {
  /** Of its file: no other process has ever had it. */
  readonly name: string
  /** By its own clock, in ISO 8601. */
  readonly since: string
}

export interface Announcement extends Announced {
  release(): Promise<void>
}

const PREFIX = 'lock-'
const HEARTBEAT_MS = 5000
/** Silence after which a process that cannot be looked at is taken for dead. */
const DEAD_AFTER_MS = 60_000
/** Of a mark that a process makes. */
const MAX_MARK_BYTES = 4096

/** Makes a file that says that this process lives, and touches it while it does. `onLost`: somebody took it for dead. */
export async function announce(folder: Folder, onLost: () => void): Promise<Announcement> {
  const name = PREFIX + randomUUID()
  const mark = { ...thisProcess(), since: new Date().toISOString() }
  // What has its name is whole.
  await writeFile(folder.place(`new-${name}`), JSON.stringify(mark), { flag: 'wx' })
  await rename(folder.place(`new-${name}`), folder.place(name))
  const beat = setInterval(async () => {
    const now = new Date()
    try {
      await lutimes(folder.place(name), now, now)
    } catch (error) {
      // A disk that does not answer ends the work by itself.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') onLost()
    }
  }, HEARTBEAT_MS)
  beat.unref()
  return {
    ...mark,
    name,
    async release() {
      clearInterval(beat)
      await removeFrom(folder, name)
    },
  }
}

/**
 * Others that live. Files of the dead are removed: names are of one process alone, so that to remove a dead one's is to remove
 * no other. Who cannot be looked at, on another machine or in another container, is dead after a minute without a touch, as
 * the clock of the disk counts it, which has made `own`; without that they are taken to live.
 */
export async function* othersAlive(
  folder: Folder,
  own: Announced | undefined,
): AsyncGenerator<Announced> {
  for (const name of await readdir(folder.place('.'))) {
    if (!name.startsWith(PREFIX) || name === own?.name) continue
    const path = `${folder.path}/${name}`
    const mark = await readOwn(folder.place(name), { path, maxBytes: MAX_MARK_BYTES })
    // Released meanwhile.
    if (mark === undefined) continue
    const other = announcedBy(name, mark.toString('utf8'))
    if (!(await isDead(folder, other, own))) yield other
    else if (own !== undefined) await removeFrom(folder, name)
  }
}

async function isDead(
  folder: Folder,
  other: Announced,
  own: Announced | undefined,
): Promise<boolean> {
  const runs = isRunning(other, own ?? thisProcess())
  if (runs !== undefined) return !runs
  if (own === undefined) return false
  const touched = await lstat(folder.place(other.name)).catch(() => undefined)
  const { mtimeMs: now } = await lstat(folder.place(own.name))
  return touched !== undefined && now - touched.mtimeMs > DEAD_AFTER_MS
}

/** What is no mark of a process is one of nowhere, kept for its minute. */
function announcedBy(name: string, text: string): Announced {
  const value = parsed(text)
  const word = (member: string) => String(value[member] ?? '')
  return {
    name,
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
