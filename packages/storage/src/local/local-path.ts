import { realpath, stat } from 'node:fs/promises'
import { join, parse, resolve, sep } from 'node:path'
import { type Fence, TableError } from '@spillway/core'
import { folderUri, parseUri } from '../objects/uri.js'
import { isMissing } from './local-error.js'

/** What a local store is kept to: every entry holds at once. */
export interface LocalRoots {
  readonly limits: readonly Limit[]
}

/** Folders of which one must hold a path, by its text and once links are resolved. */
interface Limit {
  readonly folders: RealFolders
  /** Whether the text of a path was looked at by whoever asks. */
  readonly isTextual: boolean
  refusal(path: string, target: string): TableError
}

/** Nothing is let in where there are no folders; only without a list is everything. */
export function localRoots(folders?: readonly string[]): LocalRoots {
  if (folders === undefined) return { limits: [] }
  const own = new RealFolders(folders.map(folder => diskPath(folder)))
  return { limits: [{ folders: own, isTextual: true, refusal: outside }] }
}

/** Roots that are kept to `fence` besides: to those of its folders that are this machine's. */
export function fencedRoots({ limits }: LocalRoots, fence: Fence): LocalRoots {
  const own = fence.folders.filter(folder => parseUri(folder).scheme === 'file')
  const folders = new RealFolders(own.map(folder => diskPath(folder)))
  // First: its refusal says how a provider lets the file in.
  return { limits: [{ folders, isTextual: false, refusal: fence.refusal }, ...limits] }
}

/** Folders whose real paths are looked up when they are first asked for, and again where they seem to have changed. */
class RealFolders {
  readonly named: readonly string[]
  #real: readonly string[] | undefined

  constructor(named: readonly string[]) {
    this.named = named
  }

  async hold(real: string): Promise<boolean> {
    if (this.#holds(real)) return true
    this.#real = await Promise.all(this.named.map(realPathOf))
    return this.#holds(real)
  }

  #holds(real: string): boolean {
    return this.#real?.some(folder => isInside(folder, real)) === true
  }
}

/** A raw location as a path of this machine. Dots would let a name climb out of its folder. */
export function diskPath(uri: string): string {
  const { scheme, key } = parseUri(uri)
  if (scheme !== 'file') {
    throw new TableError('INVALID_REQUEST', `the local store reads files, not ${scheme}://`, {
      context: { path: uri },
    })
  }
  if (key.split('/').some(name => name === '..' || name === '.')) {
    throw new TableError('INVALID_REQUEST', "a local path may not have '.' or '..' in it", {
      context: { path: uri },
    })
  }
  return resolve(`/${key}`)
}

/** The path to open for `uri`: itself, or its real path where the store is kept to folders. */
export async function localPath(roots: LocalRoots, uri: string): Promise<string> {
  const path = diskPath(uri)
  const { limits } = roots
  if (limits.length === 0) return path
  for (const { isTextual, folders, refusal } of limits) {
    if (isTextual && !folders.named.some(root => isInside(root, path))) throw refusal(uri, path)
  }
  const real = await realPathOf(path)
  await checkReal(roots, uri, real)
  return real
}

/** Throws where `real`, which `uri` led to, lies outside. */
export async function checkReal({ limits }: LocalRoots, uri: string, real: string): Promise<void> {
  for (const { folders, refusal } of limits) {
    if (!(await folders.hold(real))) throw refusal(uri, await spelled(real))
  }
}

/** A folder with its last slash, so that a refusal names it and not the one that it lies in. */
async function spelled(real: string): Promise<string> {
  const found = await stat(real).catch(() => undefined)
  return found?.isDirectory() ? folderUri(real) : real
}

/** No system opens a path by more characters. Windows takes the longest ones. */
const LONGEST_PATH = 32 * 1024

/** The real path of `path`; of one that does not exist yet, that of its nearest folder that does. */
async function realPathOf(path: string): Promise<string> {
  if (path.length > LONGEST_PATH) throw new TooLongPath()
  const known = await realPathIfThere(path)
  if (known !== undefined) return known
  // Ends of all folders above: those that are there come first, so that few are asked for however many there are.
  const { root } = parse(path)
  const ends = [root.length, ...placesOf(sep, path).filter(at => at > root.length)]
  return (await lastThere(path, ends)) ?? path
}

/** Of the folders that end at `ends` the last one that is there, its real path, and what `path` names below it. */
async function lastThere(path: string, ends: readonly number[]): Promise<string | undefined> {
  let [low, high] = [0, ends.length]
  let found: string | undefined
  // Most files that are not there lie in a folder that is.
  let middle = ends.length - 1
  while (low < high) {
    const end = ends[middle]!
    const real = await realPathIfThere(path.slice(0, end))
    if (real === undefined) high = middle
    else {
      found = join(real, path.slice(end))
      low = middle + 1
    }
    middle = (low + high) >>> 1
  }
  return found
}

async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function placesOf(mark: string, text: string): readonly number[] {
  const places: number[] = []
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) places.push(at)
  return places
}

/** As a disk says it, without being asked: what cannot be named is not there. */
class TooLongPath extends Error {
  readonly code = 'ENAMETOOLONG'

  constructor() {
    super('no file has so long a path')
  }
}

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}

function outside(path: string): TableError {
  return new TableError('STORAGE_UNAVAILABLE', 'the path lies outside the folders of this store', {
    context: { path },
    retryable: false,
  })
}
