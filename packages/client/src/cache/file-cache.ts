import { constants } from 'node:fs'
import { type FileHandle, open, readdir, rename, statfs } from 'node:fs/promises'
import { isTableError } from '@spillway/core'
import { type Announcement, announce, othersAlive } from '../download/disk/announced.js'
import { removeFrom } from '../download/disk/destination.js'
import { CacheFolder, UNFINISHED, USERS } from './cache-folder.js'
import { copyFile, openEntry } from './file-copies.js'

/** Left of a disk for others. */
const SPARE_BYTES = 64 * 1024 * 1024

/**
 * Files by their SHA-256, for all downloads that name the same folder. What lies there is believed by nobody: whoever takes an
 * entry digests its own copy before it is used, so that no lock is needed, and a cut, changed or foreign entry is fetched
 * again. The cache never fails a download: what it cannot keep is told as `problem`.
 */
export class FileCache {
  readonly #folder: CacheFolder
  readonly #user: Announcement | undefined
  #entries = 0
  #problem: string | undefined

  private constructor(
    folder: CacheFolder,
    user: Announcement | undefined,
    problem: string | undefined,
  ) {
    this.#folder = folder
    this.#user = user
    this.#problem = problem
  }

  /** A cache that may not be written is taken from. */
  static async open(path: string): Promise<FileCache> {
    const folder = await CacheFolder.open(path, { create: true })
    try {
      const user = await announced(folder)
      await removeUnfinished(folder, user)
      return new FileCache(folder, user, undefined)
    } catch (error) {
      return new FileCache(folder, undefined, reasonOf(error))
    }
  }

  /** To be taken from alone; undefined where it is not there yet. */
  static async read(path: string): Promise<FileCache | undefined> {
    try {
      const folder = await CacheFolder.open(path, { create: false })
      return new FileCache(folder, undefined, undefined)
    } catch (error) {
      if (isTableError(error) && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  get root(): string {
    return this.#folder.root
  }

  /** Why files were not kept, where some were not. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** The entry, open to be read and marked as used; undefined where there is none of this size. */
  async open(sha256: string, size: number): Promise<FileHandle | undefined> {
    const shelf = await this.#folder.shelf(sha256, { create: false })
    if (shelf === undefined) return undefined
    try {
      const entry = await openEntry(shelf.place(sha256))
      if (entry === undefined) return undefined
      if ((await entry.stat()).size === size) {
        if (this.#user !== undefined) await touch(entry)
        return entry
      }
      await entry.close()
    } finally {
      await shelf.release()
    }
    if (this.#user !== undefined) await this.remove(sha256)
    return undefined
  }

  async has(sha256: string, size: number): Promise<boolean> {
    const entry = await this.open(sha256, size)
    await entry?.close()
    return entry !== undefined
  }

  /** What is damaged. A folder in its place is left where it is. */
  async remove(sha256: string): Promise<void> {
    const shelf = await this.#folder.shelf(sha256, { create: false })
    await (shelf && removeFrom(shelf, sha256).catch(error => this.#note(error)))
    await shelf?.release()
  }

  /** Keeps a file whose digest is known, unless less than `leave` bytes would be left of the disk. */
  async add(
    sha256: string,
    source: FileHandle,
    { size, leave, signal }: { readonly size: number; readonly leave: number } & Cancelled,
  ): Promise<void> {
    if (this.#user === undefined || this.#problem !== undefined) return
    try {
      if (await this.has(sha256, size)) return
      const { bavail, bsize } = await statfs(this.root)
      if (bavail * bsize < size + leave + SPARE_BYTES) {
        this.#problem = 'its disk has too little room'
        return
      }
      await this.#write(sha256, source, { size, signal })
    } catch (error) {
      signal?.throwIfAborted()
      this.#note(error)
    }
  }

  async close(): Promise<void> {
    await this.#user?.release().catch(() => undefined)
    await this.#folder.close()
  }

  /** Whole, under a name of this process alone, before it has the name of its digest. */
  async #write(
    sha256: string,
    source: FileHandle,
    { size, signal }: { readonly size: number } & Cancelled,
  ): Promise<void> {
    const unfinished = (await this.#folder.folder(UNFINISHED, { create: true }))!
    const name = `${this.#user!.name}-${++this.#entries}`
    try {
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL
      const file = await open(unfinished.place(name), flags, 0o600)
      try {
        await copyFile(source, file, { size, signal })
        // By the clock of this process, by which it also says since when it uses the cache.
        const now = new Date()
        await file.utimes(now, now)
        await file.chmod(this.#folder.fileMode)
      } finally {
        await file.close()
      }
      const shelf = (await this.#folder.shelf(sha256, { create: true }))!
      await rename(unfinished.place(name), shelf.place(sha256)).finally(() => shelf.release())
    } catch (error) {
      await removeFrom(unfinished, name).catch(() => undefined)
      throw error
    } finally {
      await unfinished.release()
    }
  }

  #note(error: unknown): void {
    this.#problem ??= reasonOf(error)
  }
}

/** An entry of somebody else is used all the same. */
async function touch(entry: FileHandle): Promise<void> {
  const now = new Date()
  await entry.utimes(now, now).catch(() => undefined)
}

interface Cancelled {
  readonly signal?: AbortSignal | undefined
}

async function announced(folder: CacheFolder): Promise<Announcement> {
  const users = (await folder.folder(USERS, { create: true }))!
  const user = await announce(users, () => undefined).catch(async error => {
    await users.release()
    throw error
  })
  return {
    ...user,
    async release() {
      await user.release()
      await users.release()
    },
  }
}

/** What processes left that were killed while they wrote. */
export async function removeUnfinished(folder: CacheFolder, own: Announcement): Promise<void> {
  const unfinished = await folder.folder(UNFINISHED, { create: false })
  if (unfinished === undefined) return
  const users = await folder.folder(USERS, { create: false })
  try {
    // Names first: who comes after them is in the list of the living.
    const names = await readdir(unfinished.place('.'))
    const alive = [own.name]
    for await (const { name } of othersAlive(users!, own)) alive.push(name)
    for (const name of names) {
      if (!alive.some(user => name.startsWith(`${user}-`))) await removeFrom(unfinished, name)
    }
  } finally {
    await unfinished.release()
    await users?.release()
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'the quota of its disk is used up',
  EROFS: 'its disk is read-only',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EISDIR: 'a folder lies where an entry belongs',
}

function reasonOf(error: unknown): string {
  const { code, cause } = error as NodeJS.ErrnoException & { cause?: { code?: unknown } }
  const known = REASONS[String(code)] ?? REASONS[String(cause?.code)]
  if (known !== undefined) return known
  return error instanceof Error ? error.message : String(error)
}
