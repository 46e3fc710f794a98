import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { TableError } from '@spillway/core'
import { isMissing } from './local-error.js'
import { parseUri } from './uri.js'

/** The folders that a local store is kept to; no entry means that it is not. */
export interface LocalRoots {
  readonly folders: readonly string[]
}

export function localRoots(folders: readonly string[] = []): LocalRoots {
  return { folders: folders.map(folder => diskPath(folder)) }
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

/** The path to open for `uri`: itself, or its real path where the store is kept to roots. */
export async function localPath(roots: LocalRoots, uri: string): Promise<string> {
  const path = diskPath(uri)
  if (roots.folders.length === 0) return path
  if (!roots.folders.some(root => isInside(root, path))) throw outside(uri)
  const real = await realPathOf(path)
  for (const root of roots.folders) {
    if (isInside(await realPathOf(root), real)) return real
  }
  throw outside(uri)
}

/** Of a path that does not exist yet, the real path of its nearest folder that does. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!isMissing(error) || path === dirname(path)) throw error
    return join(await realPathOf(dirname(path)), basename(path))
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
