import { createHmac } from 'node:crypto'
import { isTableError } from '@spillway/core'
import { diskPath, isInside } from '../local/local-path.js'

export interface Root {
  readonly id: string
  readonly folder: string
  /** What signs its URLs. */
  readonly secret: Buffer
}

/** Longest first, so that a root within a root wins. An id tells nothing about its folder. */
export function rootsOf(folders: readonly string[], secret: Buffer): readonly Root[] {
  return folders
    .map(diskPath)
    .map(folder => {
      const id = hmac(secret, `root\n${folder}`).toString('hex').slice(0, 16)
      return { folder, id, secret }
    })
    .sort((a, b) => b.folder.length - a.folder.length)
}

/** A file as a URL names it: a root, and the raw path below it. */
export interface Located {
  readonly root: Root
  readonly key: string
}

export function locate(roots: readonly Root[], path: string): Located | undefined {
  const onDisk = diskPathIfLocal(path)
  if (onDisk === undefined) return undefined
  const root = roots.find(({ folder }) => onDisk !== folder && isInside(folder, onDisk))
  if (root === undefined) return undefined
  return { root, key: onDisk.slice(root.folder.length).replace(/^\//, '') }
}

/**
 * Tells of a file which folders links on its way may lead to, as its URL says it: how many names of its own path make its
 * folder, and the ids of other roots. Undefined where that is its root and nothing else, as it is without being said.
 */
export function fences(
  roots: readonly Root[],
  within: readonly string[],
): (located: Located) => string | undefined {
  const folders = within.flatMap(each => diskPathIfLocal(each) ?? [])
  const named = roots.filter(({ folder }) => folders.includes(folder))
  return ({ root, key }) => {
    const isWhole = folders.some(folder => isInside(folder, root.folder))
    const path = pathOf(root, key)
    const inner = isWhole ? undefined : folders.find(folder => isInside(folder, path))
    const depth = inner === undefined ? 0 : namesBelow(root, inner)
    const others = named.filter(each => each !== root).map(({ id }) => id)
    return depth === 0 && others.length === 0 ? undefined : [depth, ...others].join(',')
  }
}

function namesBelow(root: Root, folder: string): number {
  return folder
    .slice(root.folder.length)
    .split('/')
    .filter(name => name !== '').length
}

export function pathOf({ folder }: Root, key: string): string {
  return folder === '/' ? `/${key}` : `${folder}/${key}`
}

/** The folders that a signed fence stands for. */
export function foldersOf(
  { root, key }: Located,
  fence: string | undefined,
  roots: readonly Root[],
): readonly string[] {
  const [depth = 0, ...ids] = fence?.split(',') ?? []
  const own = key.split('/').slice(0, Number(depth))
  const others = roots.filter(({ id }) => ids.includes(id)).map(({ folder }) => folder)
  return [own.length === 0 ? root.folder : pathOf(root, own.join('/')), ...others]
}

function diskPathIfLocal(path: string): string | undefined {
  try {
    return diskPath(path)
  } catch (error) {
    if (isTableError(error)) return undefined
    throw error
  }
}

export function hmac(secret: Buffer, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}
