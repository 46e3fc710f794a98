import { constants, existsSync, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, realpath, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TableError } from '@spillway/core'

/** A folder below the destination, held open: names in it are looked up in this folder, wherever its path leads by now. */
export interface Folder {
  /** Below the destination, as errors tell it. */
  readonly path: string
  /** The path of an entry, for calls of the file system. */
  place(name: string): string
  release(): Promise<void>
}

/** Names that downloads keep for themselves. */
export const STATE_FOLDER = '.spillway'
export const PART_PREFIX = '.spillway-part-'

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0
const DIRECTORY = constants.O_DIRECTORY ?? 0

/**
 * The folder that a download writes into. Nothing is written outside it: paths are safe by themselves (`requireSafePaths`), no
 * link on the way is followed, and a folder that is exchanged for one meanwhile is not the one that was opened.
 */
export class Destination {
  /** Without links in it: the caller chose it, and may have named one. */
  readonly root: string
  readonly #open = new Map<string, { readonly folder: Promise<FileHandle>; users: number }>()

  private constructor(root: string) {
    this.root = root
  }

  /** `undefined` where it is not there and shall not be made. */
  static async open(
    to: string,
    { create }: { readonly create: boolean },
  ): Promise<Destination | undefined> {
    try {
      if (create) await mkdir(to, { recursive: true })
      const root = await realpath(to)
      if (!(await lstat(root)).isDirectory()) throw notAFolder(to)
      return new Destination(root)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' && !create) return undefined
      if (code === 'ENOTDIR' || code === 'EEXIST') throw notAFolder(to)
      throw diskError(error, to)
    }
  }

  /** The folder that holds `path`; undefined where it is not there and shall not be made. */
  folderOf(path: string, options: { readonly create: boolean }): Promise<Folder | undefined> {
    const parent = dirname(path)
    return this.folder(parent === '.' ? '' : parent, options)
  }

  async folder(
    path: string,
    { create }: { readonly create: boolean },
  ): Promise<Folder | undefined> {
    const known = this.#open.get(path)
    const entry = known ?? { folder: this.#walk(path, create), users: 0 }
    this.#open.delete(path)
    this.#open.set(path, entry)
    entry.users++
    let isReleased = false
    const release = async () => {
      if (isReleased) return
      isReleased = true
      entry.users--
      await this.#closeIdle(IDLE_FOLDERS)
    }
    try {
      const { fd } = await entry.folder
      const within = THROUGH_HANDLES ? `/proc/self/fd/${fd}` : join(this.root, path)
      return { path, place: name => join(within, name), release }
    } catch (error) {
      if (this.#open.get(path) === entry) this.#open.delete(path)
      if (!create && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw diskError(error, path)
    }
  }

  /** Lets go of all folders that nobody uses. */
  async close(): Promise<void> {
    await this.#closeIdle(0)
  }

  /** Files of one folder come one after the other: some are kept open, the latest used. */
  async #closeIdle(most: number): Promise<void> {
    let idle = 0
    for (const { users } of this.#open.values()) if (users === 0) idle++
    for (const [path, { users, folder }] of this.#open) {
      if (idle <= most) return
      if (users > 0) continue
      idle--
      this.#open.delete(path)
      await (await folder).close()
    }
  }

  async #walk(path: string, create: boolean): Promise<FileHandle> {
    let folder = await open(this.root, constants.O_RDONLY | DIRECTORY)
    let walked = ''
    for (const segment of path === '' ? [] : path.split('/')) {
      const at = THROUGH_HANDLES
        ? `/proc/self/fd/${folder.fd}/${segment}`
        : join(this.root, walked, segment)
      walked = walked === '' ? segment : `${walked}/${segment}`
      try {
        const next = await openFolder(at, { create, path: walked })
        await folder.close()
        folder = next
      } catch (error) {
        await folder.close()
        throw error
      }
    }
    return folder
  }
}

const IDLE_FOLDERS = 128

/** Linux opens below a folder that is held open, whatever is done to its path meanwhile. */
const THROUGH_HANDLES = process.platform === 'linux' && existsSync('/proc/self/fd')

async function openFolder(
  at: string,
  { create, path }: { readonly create: boolean; readonly path: string },
): Promise<FileHandle> {
  const known = create ? await statOf(at) : undefined
  if (create && known === undefined) {
    await mkdir(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  const found = known ?? (await lstat(at))
  if (found.isSymbolicLink()) throw linkRefused(path)
  if (!found.isDirectory()) throw notAFolder(path)
  return open(at, constants.O_RDONLY | DIRECTORY | NO_FOLLOW)
}

/** What a name stands for; undefined where there is nothing. A link is refused, and so is a folder where a file is meant. */
export async function fileAt(folder: Folder, path: string): Promise<Stats | undefined> {
  const found = await statOf(folder.place(basename(path)))
  if (found === undefined) return undefined
  if (found.isSymbolicLink()) throw linkRefused(path)
  if (found.isFile()) return found
  throw new TableError(
    'CONFLICT',
    `a file ${shown(path)} is expected, found something else there`,
    {
      context: { path },
    },
  )
}

async function statOf(place: string): Promise<Stats | undefined> {
  try {
    return await lstat(place)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export async function moveInto(folder: Folder, from: string, to: string): Promise<void> {
  await rename(folder.place(from), folder.place(to))
}

export async function removeFrom(folder: Folder, name: string): Promise<void> {
  await unlink(folder.place(name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

export function linkRefused(path: string): TableError {
  return new TableError(
    'CONFLICT',
    `${shown(path)} is a link in the folder: downloads follow none and replace none; remove it`,
    { context: { path } },
  )
}

function notAFolder(path: string): TableError {
  return new TableError(
    'CONFLICT',
    `a folder ${shown(path)} is expected, found something else there`,
    {
      context: { path },
    },
  )
}

export function shown(path: string): string {
  return JSON.stringify(path.slice(0, 300))
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room, and the download goes on where it was stopped',
  EDQUOT:
    'the quota of the disk is used up: make room, and the download goes on where it was stopped',
  EROFS: 'the disk is read-only',
  EACCES: 'it may not be written',
  ENAMETOOLONG: 'the name is too long for this disk',
}

/** What a disk says, with a path that means something: the one that was used may be a number. */
export function diskError(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  return new TableError(
    'INVALID_REQUEST',
    `${shown(path)} cannot be written: ${REASONS[code] ?? code}`,
    {
      context: { path, reason: code },
      cause: error,
    },
  )
}
