import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TableError } from '@spillway/core'
import { Destination, diskError, type Folder } from '../download/disk/destination.js'
import { readOwn, writeOwn } from '../download/disk/own-file.js'

/** Entries by their digest, below folders of its first two digits. */
const FILES = 'sha256'
/** What is being written. */
export const UNFINISHED = 'new'
/** Who uses the cache. */
export const USERS = 'use'
const TAG = 'CACHEDIR.TAG'

/** https://bford.info/cachedir/: programs that back up leave such folders out. The last line is the version of ours. */
const TAG_TEXT = `Signature: 8a477f597d28d172789f06886806bc55
# Files that were downloaded, by their SHA-256. All of it can be removed: spillway cache prune --all
# spillway file cache 1
`

const MAX_TAG_BYTES = 4096

/** A folder that is a cache of files, and nothing else. */
export class CacheFolder {
  readonly root: string
  /** Of files: those of the folder, less what writes and runs. */
  readonly fileMode: number
  readonly #folder: Destination
  readonly #folderMode: number

  private constructor(folder: Destination, mode: number) {
    this.root = folder.root
    this.#folder = folder
    this.#folderMode = mode & 0o7777
    this.fileMode = mode & 0o444
  }

  /**
   * Opens a cache; makes it where `create` says so and the folder is empty or not there. `NOT_FOUND` where there is none,
   * `CONFLICT` where something else lies there.
   */
  static async open(path: string, { create }: { readonly create: boolean }): Promise<CacheFolder> {
    // What somebody downloaded is theirs alone, unless they made the folder for others as well.
    if (create) await makeFolder(path)
    const folder = await Destination.open(path, { create: false })
    if (folder === undefined) throw noCache(path)
    try {
      await requireTag(folder.root, { path, create })
      return new CacheFolder(folder, (await lstat(folder.root)).mode)
    } catch (error) {
      await folder.close()
      throw diskError(error, path)
    }
  }

  /** The folder that holds an entry. Undefined where it is not there, or something else is in its place. */
  shelf(sha256: string, options: { readonly create: boolean }): Promise<Folder | undefined> {
    return this.folder(`${FILES}/${sha256.slice(0, 2)}`, options)
  }

  async shelves(): Promise<readonly string[]> {
    return (await this.#namesIn(FILES)).filter(name => /^[0-9a-f]{2}$/.test(name)).sort()
  }

  namesOn(shelf: string): Promise<readonly string[]> {
    return this.#namesIn(`${FILES}/${shelf}`)
  }

  async folder(
    path: string,
    { create }: { readonly create: boolean },
  ): Promise<Folder | undefined> {
    try {
      const found = await this.#folder.folder(path, { create: false })
      if (found !== undefined || !create) return found
      await this.#make(path)
      return await this.#folder.folder(path, { create: false })
    } catch (error) {
      // A link, or a file, in its place: nothing lies there that could be taken.
      if (create) throw error
      return undefined
    }
  }

  close(): Promise<void> {
    return this.#folder.close()
  }

  /** Folders have the mode of the cache: whoever may write there may write below. */
  async #make(path: string): Promise<void> {
    let parent = ''
    for (const segment of path.split('/')) {
      const within = await this.#folder.folder(parent, { create: false })
      try {
        const place = within!.place(segment)
        await mkdir(place)
        await setMode(place, this.#folderMode)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      } finally {
        await within?.release()
      }
      parent = parent === '' ? segment : `${parent}/${segment}`
    }
  }

  async #namesIn(path: string): Promise<readonly string[]> {
    const folder = await this.folder(path, { create: false })
    if (folder === undefined) return []
    try {
      return await readdir(folder.place('.'))
    } finally {
      await folder.release()
    }
  }
}

/** Of the folder itself, also where somebody puts a link into its place. */
async function setMode(place: string, mode: number): Promise<void> {
  const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = constants
  const made = await open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  await made.chmod(mode).finally(() => made.close())
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw diskError(error, path)
  }
}

/** Nothing is written into, and nothing removed from, a folder that holds other things. */
async function requireTag(
  root: string,
  { path, create }: { readonly path: string; readonly create: boolean },
): Promise<void> {
  const tag = join(root, TAG)
  const bytes = await readOwn(tag, { path: TAG, maxBytes: MAX_TAG_BYTES })
  const found = bytes?.toString('utf8') ?? ''
  if (found === TAG_TEXT) return
  const others = (await readdir(root)).filter(name => name !== TAG)
  const isEmpty = others.length === 0 && TAG_TEXT.startsWith(found)
  if (isEmpty && !create) throw noCache(path)
  if (!isEmpty && !TAG_TEXT.startsWith(found)) throw notACache(path, 'another kind of cache')
  if (!isEmpty && found === '') throw notACache(path, JSON.stringify(others[0]?.slice(0, 100)))
  // Of a process that was killed as it began, or of one that begins just now: both write the same.
  await writeOwn(tag, TAG, TAG_TEXT)
}

function noCache(path: string): TableError {
  return new TableError(
    'NOT_FOUND',
    `no cache lies at ${JSON.stringify(path)}: spillway download --cache makes one`,
    { context: { path } },
  )
}

function notACache(path: string, found: string | undefined): TableError {
  return new TableError(
    'CONFLICT',
    `expected a cache or an empty folder at ${JSON.stringify(path)}, found ${found} in it: choose another folder`,
    { context: { path } },
  )
}
