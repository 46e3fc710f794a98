import type { Dirent } from 'node:fs'
import { lstat, opendir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  inSlices,
  isTableError,
  type ObjectMeta,
  Slices,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { comparePaths, sortedPaths } from '../objects/byte-order.js'
import { parseUri, type StorageUri } from '../objects/uri.js'
import { codeOf, isMissing, localError } from './local-error.js'
import { LinkedFolders, type WalkedFolder } from './local-links.js'
import { fileMeta } from './local-meta.js'
import { type LocalRoots, localPath } from './local-path.js'
import { isUnfinished } from './local-put.js'

interface ListOptions {
  readonly roots: LocalRoots
  readonly startAfter?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly onLeftOut?: ((path: string, reason: string) => void) | undefined
}

/** Files described at once: enough to hide the disk's latency, few enough for a caller that stops early. */
const STAT_CONCURRENCY = 32
/** Names of a folder that are read in one go. */
const NAMES_AT_ONCE = 1024

interface Walk extends ListOptions {
  readonly prefix: StorageUri
  /** Key after which to begin. */
  readonly after: string | undefined
  /** A link that leads outside is named as a folder: whoever opens it is refused, and what lies beside it is not. */
  readonly namesRefused?: boolean
  readonly linked: LinkedFolders
}

/** A folder being walked: its names yet to visit in byte order, folders with their slash. */
interface Folder extends WalkedFolder {
  readonly key: string
  /** Where it is, once it is known to lie inside the roots; what is in it lies there too, but for links. */
  readonly disk: string
  readonly links: ReadonlySet<string>
  readonly names: readonly string[]
  next: number
}

/**
 * Files whose key begins with the prefix's, in byte order of path. A folder is sorted as `name/`, as a flat store would:
 * `a-b` comes before `a/b`. Holds the names of the folders on the way, and describes only what it yields.
 */
export async function* listFiles(
  prefix: StorageUri,
  options: ListOptions,
): AsyncGenerator<ObjectMeta> {
  const after = options.startAfter === undefined ? undefined : keyAfter(prefix, options.startAfter)
  const walk: Walk = { ...options, prefix, after, linked: new LinkedFolders() }
  const stack = [await openTop(walk)]
  while (stack.length > 0) {
    throwIfCancelled(options.signal)
    const folder = stack[stack.length - 1]!
    if (folder.next >= folder.names.length) {
      stack.pop()
    } else if (folder.names[folder.next]!.endsWith('/')) {
      const below = await openBelow(walk, stack, folder.names[folder.next++]!)
      if (below !== undefined) stack.push(below)
    } else {
      yield* await describeRun(walk, folder)
    }
  }
}

/** Immediate folders whose key begins with the prefix's, each ending in a slash. */
export async function* listFolders(
  prefix: StorageUri,
  roots: LocalRoots,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  throwIfCancelled(signal)
  const linked = new LinkedFolders()
  const walk: Walk = { prefix, roots, after: undefined, signal, linked, namesRefused: true }
  const folder = await openTop(walk)
  const slices = new Slices()
  for (const name of folder.names) {
    throwIfCancelled(signal)
    if (slices.isOver) await slices.pause()
    if (!name.endsWith('/')) continue
    const key = folder.key + name
    if (key.startsWith(prefix.key)) yield prefix.head + key
  }
}

function keyAfter(prefix: StorageUri, startAfter: string): string {
  const uri = parseUri(startAfter)
  if (uri.scheme === prefix.scheme && uri.authority === prefix.authority) return uri.key
  throw new TableError('INVALID_REQUEST', 'a listing starts after a path of the same store', {
    context: { path: startAfter },
  })
}

async function openTop(walk: Walk): Promise<Folder> {
  const { key } = walk.prefix
  const top = key.slice(0, key.lastIndexOf('/') + 1)
  return openFolder(walk, top, { real: await realOf(walk, top), isLinked: false })
}

/** Undefined for what holds itself, where whoever lists leaves such out. */
async function openBelow(
  walk: Walk,
  stack: readonly Folder[],
  name: string,
): Promise<Folder | undefined> {
  const above = stack[stack.length - 1]!
  const key = above.key + name
  const isLink = above.links.has(name)
  const real = isLink ? await realOf(walk, key) : join(above.real, name.slice(0, -1))
  const folder = { real, isLinked: isLink || above.isLinked }
  const uri = walk.prefix.head + key
  if (walk.linked.isLoop(folder, stack)) {
    const reason = 'a symbolic link leads back into its own folder'
    if (leaveOut(walk, key, reason)) return undefined
    throw new TableError('STORAGE_UNAVAILABLE', reason, {
      context: { path: uri },
      retryable: false,
    })
  }
  walk.linked.enter(folder, uri)
  return openFolder(walk, key, folder)
}

/** Of a folder that has gone its path: reading it says the rest. */
async function realOf({ roots, prefix }: Walk, key: string): Promise<string> {
  const uri = prefix.head + key
  try {
    return await realpath(await localPath(roots, uri))
  } catch (error) {
    if (isMissing(error)) return `/${key}`
    throw localError(error, uri)
  }
}

/** False where nobody is told, so that it is an error. */
function leaveOut({ prefix, onLeftOut }: Walk, key: string, reason: string): boolean {
  onLeftOut?.(prefix.head + key, reason)
  return onLeftOut !== undefined
}

async function openFolder(walk: Walk, key: string, walked: WalkedFolder): Promise<Folder> {
  const uri = walk.prefix.head + key
  const names: string[] = []
  const links = new Set<string>()
  let disk = ''
  try {
    disk = await localPath(walk.roots, uri)
    // Names come in blocks, with a turn of the event loop before each: folders have very many.
    for await (const entry of await opendir(disk, { bufferSize: NAMES_AT_ONCE })) {
      throwIfCancelled(walk.signal)
      const name = await nameOf(walk, key, entry)
      if (name === undefined || !mayHold(walk, key + name)) continue
      names.push(name)
      if (entry.isSymbolicLink()) links.add(name)
    }
  } catch (error) {
    if (!isMissing(error)) throw localError(error, uri)
    if (!isKnownToBeMissing(walk, key)) throw vanished(uri)
    return { ...walked, key, disk, links, names: [], next: 0 }
  }
  return { ...walked, key, disk, links, names: await inSlices(sortedPaths(names)), next: 0 }
}

/** Of folders that were seen, those in which writers keep what is unfinished come and go. */
function mayBeMissing({ prefix }: Walk, key: string): boolean {
  const below = key.slice(prefix.key.lastIndexOf('/') + 1)
  return below === '' || below.split('/').some(name => name.startsWith('.') || name.startsWith('_'))
}

/** True of what may be missing. Throws of what is there by a name that nobody can give, unless such is left out. */
function isKnownToBeMissing(walk: Walk, key: string): boolean {
  if (mayBeMissing(walk, key)) return true
  if (isNamed(key)) return false
  if (leaveOut(walk, key, 'it is named in bytes that are no UTF-8')) return true
  throw unnamed(walk.prefix.head + key)
}

/** Bytes that are no UTF-8 are read as this character: what has it in its name, and is not there, is there by another. */
function isNamed(key: string): boolean {
  return !key.includes('\ufffd')
}

function unnamed(uri: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    'a file or folder is named in bytes that are no UTF-8: no URL can name it, and without it rows would be missing; rename it',
    { context: { path: uri } },
  )
}

function vanished(uri: string): TableError {
  return new TableError('STORAGE_UNAVAILABLE', 'a folder vanished while it was listed', {
    context: { path: uri },
    retryable: true,
  })
}

/** A file's name, a folder's with a slash; undefined for sockets, dangling links and writes under way. */
async function nameOf(walk: Walk, key: string, entry: Dirent): Promise<string | undefined> {
  if (entry.isDirectory()) return `${entry.name}/`
  if (entry.isFile()) return isUnfinished(entry.name) ? undefined : entry.name
  if (!entry.isSymbolicLink()) return undefined
  try {
    const target = await stat(await localPath(walk.roots, walk.prefix.head + key + entry.name))
    if (target.isDirectory()) return `${entry.name}/`
    return target.isFile() ? entry.name : undefined
  } catch (error) {
    const uri = walk.prefix.head + key + entry.name
    // Whatever the link is refused for: who may not enter what it leads to is told EACCES, of a circle ELOOP.
    if (walk.namesRefused && !isMissing(error)) return `${entry.name}/`
    if (isMissing(error)) {
      if (!isNamed(entry.name)) isKnownToBeMissing(walk, key + entry.name)
      return undefined
    }
    const reason = linkFault(error)
    if (reason !== undefined && leaveOut(walk, key + entry.name, reason)) return undefined
    throw localError(error, uri)
  }
}

/** Of what following a link failed with, where the link is at fault. */
function linkFault(error: unknown): string | undefined {
  if (codeOf(error) === 'ELOOP') return 'a symbolic link leads to itself'
  return isTableError(error) ? 'a symbolic link leads out of the folder' : undefined
}

/** False when neither `key` nor, for a folder, anything in it can be in the answer. */
function mayHold({ prefix, after }: Walk, key: string): boolean {
  const isFolder = key.endsWith('/')
  if (!key.startsWith(prefix.key) && !(isFolder && prefix.key.startsWith(key))) return false
  if (after === undefined || comparePaths(key, after) > 0) return true
  return isFolder && after.startsWith(key)
}

/** The next files of a folder, up to its next sub-folder. A file that has gone since is left out, if its folder has not. */
async function describeRun(walk: Walk, folder: Folder): Promise<ObjectMeta[]> {
  const from = folder.next
  while (folder.next < folder.names.length && folder.next - from < STAT_CONCURRENCY) {
    if (folder.names[folder.next]!.endsWith('/')) break
    folder.next++
  }
  const run = folder.names.slice(from, folder.next)
  const metas = await Promise.all(run.map(name => describe(walk, folder, name)))
  const found = metas.filter(meta => meta !== undefined)
  if (found.length < run.length) await requireFolder(walk, folder)
  return found
}

async function requireFolder({ prefix }: Walk, { disk, key }: Folder): Promise<void> {
  try {
    await stat(disk)
  } catch (error) {
    const uri = prefix.head + key
    throw isMissing(error) ? vanished(uri) : localError(error, uri)
  }
}

async function describe(walk: Walk, folder: Folder, name: string): Promise<ObjectMeta | undefined> {
  const uri = walk.prefix.head + folder.key + name
  try {
    const found = folder.links.has(name)
      ? await stat(await localPath(walk.roots, uri), { bigint: true })
      : await lstat(join(folder.disk, name), { bigint: true })
    return found.isFile() ? fileMeta(uri, found) : undefined
  } catch (error) {
    if (!isMissing(error)) throw localError(error, uri)
    if (!isNamed(name)) isKnownToBeMissing(walk, folder.key + name)
    return undefined
  }
}
