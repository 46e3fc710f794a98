import { type FileHandle, lstat, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  type LocalObject,
  type ObjectMeta,
  TableError,
  throwIfCancelled,
  type WritableStore,
} from '@spillway/core'
import { clipRange } from '../objects/byte-range.js'
import { parseUri } from '../objects/uri.js'
import { isMissing, localError } from './local-error.js'
import { listFiles, listFolders } from './local-list.js'
import { fileMeta } from './local-meta.js'
import { nameOfOpen, openLocal } from './local-open.js'
import { fencedRoots, type LocalRoots, localPath, localRoots } from './local-path.js'
import { putFile } from './local-put.js'

export interface LocalStoreOptions {
  /** Folders outside which nothing is read or written, through symbolic links either. Absent: the whole disk. */
  readonly roots?: readonly string[]
  /** Deleting the last file of a folder removes the folder, and those above that are empty by it: for stores of this process alone. */
  readonly removesEmptyFolders?: boolean
}

/**
 * Files by absolute path or `file:` URI, whose path is raw (see `StorageUri`). Answers are spelled as they were asked
 * for. A prefix is text, as in S3: end it with a slash to mean a folder.
 */
export function localStore(options: LocalStoreOptions = {}): WritableStore {
  const store = storeWithin(localRoots(options.roots))
  if (options.removesEmptyFolders !== true) return store
  const { roots = [] } = options
  return {
    ...store,
    async delete(path, signal) {
      await store.delete(path, signal)
      await removeEmptyFolders(`/${parseUri(path).key}`, roots)
    },
  }
}

/** The folders above a file, below the roots. */
async function removeEmptyFolders(file: string, roots: readonly string[]): Promise<void> {
  const tops = roots.map(root => resolve(`/${parseUri(root).key}`))
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    if (!tops.some(top => folder.startsWith(`${top}/`))) return
    try {
      await rmdir(folder)
    } catch {
      // Something is in it.
      return
    }
  }
}

function storeWithin(roots: LocalRoots): WritableStore {
  return {
    get: (path, { range, signal } = {}) =>
      readFile(roots, path, async file => {
        throwIfCancelled(signal)
        const meta = await describe(file, path)
        if (meta === undefined) return undefined
        const { start, end } = clipRange(range, meta.size)
        const bytes = await readBytes(file, start, end - start, signal)
        if (bytes.length < end - start) throw shrunk(path, meta.size)
        return { bytes, meta }
      }),
    head: (path, signal) => {
      throwIfCancelled(signal)
      return headFile(roots, path)
    },
    list: (prefix, listOptions = {}) => listFiles(parseUri(prefix), { ...listOptions, roots }),
    listPrefixes: (prefix, signal) => listFolders(parseUri(prefix), roots, signal),
    put: (path, bytes, putOptions = {}) => putFile(roots, path, bytes, putOptions),
    async delete(path, signal) {
      throwIfCancelled(signal)
      try {
        await unlink(await localPath(roots, path))
      } catch (error) {
        if (!isMissing(error)) throw localError(error, path)
      }
    },
    within: fence => storeWithin(fencedRoots(roots, fence)),
    openLocal: (path, signal) => {
      throwIfCancelled(signal)
      return openNamed(roots, path)
    },
  }
}

async function openNamed(roots: LocalRoots, path: string): Promise<LocalObject | undefined> {
  let file: FileHandle | undefined
  try {
    file = await openLocal(roots, path)
    const meta = await describe(file, path)
    if (meta === undefined) return undefined
    const opened = file
    const name = await nameOfOpen(file, roots, path)
    file = undefined
    return { size: meta.size, path: name, close: () => opened.close() }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw localError(error, path)
  } finally {
    await file?.close()
  }
}

async function readFile<T>(
  roots: LocalRoots,
  path: string,
  read: (file: FileHandle) => Promise<T>,
): Promise<T | undefined> {
  let file: FileHandle | undefined
  try {
    file = await openLocal(roots, path)
    return await read(file)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw localError(error, path)
  } finally {
    await file?.close()
  }
}

async function describe(file: FileHandle, path: string): Promise<ObjectMeta | undefined> {
  const found = await file.stat({ bigint: true })
  return found.isFile() ? fileMeta(path, found) : undefined
}

async function headFile(roots: LocalRoots, path: string): Promise<ObjectMeta | undefined> {
  try {
    const real = await localPath(roots, path)
    // A real path has no link in it; one that came since is not followed.
    const look = roots.limits.length === 0 ? stat : lstat
    const found = await look(real, { bigint: true })
    return found.isFile() ? fileMeta(path, found) : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw localError(error, path)
  }
}

function shrunk(path: string, size: number): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `a file of ${size} bytes became shorter while it was read`,
    { context: { path }, retryable: true },
  )
}

/** Reads of the operating system end at 2 GiB. */
const LONGEST_READ = 1 << 30

async function readBytes(
  file: FileHandle,
  start: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    throwIfCancelled(signal)
    const wanted = Math.min(length - filled, LONGEST_READ)
    const { bytesRead } = await file.read(bytes, filled, wanted, start + filled)
    if (bytesRead === 0) return bytes.subarray(0, filled)
    filled += bytesRead
  }
  return bytes
}
