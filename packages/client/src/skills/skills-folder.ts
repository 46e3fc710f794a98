import { randomUUID } from 'node:crypto'
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isTableError, TableError, throwIfCancelled } from '@spillway/core'
import { Destination, diskError, type Folder, fileAt } from '../download/disk/destination.js'
import { takeLock } from '../download/disk/lock-file.js'
import { readOwn } from '../download/disk/own-file.js'
import { sleep } from '../http/retry.js'
import { isTwin, shownName } from './skill-name.js'
import { LOCK_NAME, lockText, MAX_LOCK_BYTES, readLock, type SkillsLock } from './skills-lock.js'

/** What is kept here while skills come: never read by agents, as no skill's name begins with a dot, nor kept by Git. */
const STATE_FOLDER = '.spillway'
const PATIENCE_MS = 20_000

/** A folder of skills that is held open, with the lock that lies in it. */
export class SkillsFolder {
  readonly destination: Destination
  readonly #top: Folder

  private constructor(destination: Destination, top: Folder) {
    this.destination = destination
    this.#top = top
  }

  /** `undefined` where it is not there and shall not be made. */
  static async open(
    to: string,
    options: { readonly create: boolean },
  ): Promise<SkillsFolder | undefined> {
    const destination = await Destination.open(to, options)
    if (destination === undefined) return undefined
    const top = await destination.folder('', { create: false })
    return new SkillsFolder(destination, top!)
  }

  /** Absolute, for people. */
  pathOf(name: string): string {
    return join(this.destination.root, name)
  }

  /** For calls of the file system: in this folder, wherever its path leads by now. */
  place(name: string): string {
    return this.#top.place(name)
  }

  async close(): Promise<void> {
    await this.#top.release()
    await this.destination.close()
  }

  async readLock(): Promise<SkillsLock> {
    const found = await fileAt(this.#top, LOCK_NAME)
    if (found === undefined) return new Map()
    if (found.size > MAX_LOCK_BYTES) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `${LOCK_NAME} has ${found.size} bytes: at most ${MAX_LOCK_BYTES} are read`,
      )
    }
    return readLock((await this.#lockBytes())?.toString('utf8') ?? '')
  }

  /** Whole and at once; left as it is where it says the same. */
  async writeLock(lock: SkillsLock): Promise<void> {
    const text = lockText(lock)
    const before = (await this.#lockBytes())?.toString('utf8')
    if (before === text || (before === undefined && lock.size === 0)) return
    const whole = `.${LOCK_NAME}.${randomUUID()}`
    try {
      const handle = await open(this.place(whole), 'wx')
      try {
        await handle.writeFile(text)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(this.place(whole), this.place(LOCK_NAME))
    } catch (error) {
      await rm(this.place(whole), { force: true })
      throw diskError(error, LOCK_NAME)
    }
  }

  #lockBytes(): Promise<Buffer | undefined> {
    return readOwn(this.place(LOCK_NAME), { path: LOCK_NAME, maxBytes: MAX_LOCK_BYTES })
  }

  /** Another skill, or somebody's folder, whose name a disk may take for this one. */
  async refuseTwin(name: string, lock: SkillsLock): Promise<void> {
    const names = [...lock.keys(), ...(await readdir(this.place('.')))]
    const twin = names.find(each => isTwin(name, each))
    if (twin === undefined) return
    throw new TableError(
      'CONFLICT',
      `${shownName(twin)} is one folder with ${shownName(name)} on disks that fold case: remove it first, or choose another folder`,
    )
  }

  /** The folder of what is kept while skills come. */
  async state(): Promise<Folder> {
    const state = (await this.destination.folder(STATE_FOLDER, { create: true }))!
    await writeFile(state.place('.gitignore'), '*\n', { flag: 'wx' }).catch(error => {
      if (error.code !== 'EEXIST') throw diskError(error, STATE_FOLDER)
    })
    return state
  }

  /** Of a folder that is only looked at: undefined where nothing was kept. */
  async stateIfThere(): Promise<Folder | undefined> {
    return this.destination.folder(STATE_FOLDER, { create: false })
  }

  /** Absolute, of what is downloaded to. */
  statePath(name: string): string {
    return join(this.destination.root, STATE_FOLDER, name)
  }

  /** Runs `work` while no other process of ours changes the folder. What takes long is done before. */
  async exclusively<Result>(
    work: (state: Folder) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const state = await this.state()
    try {
      const held = await lockPatiently(state, signal)
      try {
        return await work(state)
      } finally {
        await held.release()
      }
    } finally {
      await state.release()
    }
  }
}

/** Others hold it for moments: they are waited for. */
async function lockPatiently(state: Folder, signal: AbortSignal | undefined) {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    throwIfCancelled(signal)
    try {
      return await takeLock(state, { onLost: () => undefined, signal })
    } catch (error) {
      // Of what is no lock, nobody will let go.
      const isHeld = isTableError(error) && error.code === 'CONFLICT' && 'pid' in error.context
      if (!isHeld) throw error
      if (performance.now() > until) {
        throw new TableError(
          'CONFLICT',
          'another process is changing the skills of this folder: try again once it has ended',
          { context: error.context, cause: error },
        )
      }
      await sleep(200, signal)
    }
  }
}
