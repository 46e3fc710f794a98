import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** Where everything lies: `s3://lake/{table}`. */
export const BUCKET = 'lake'

export interface ObjectFacts {
  readonly key: string
  readonly size: number
  readonly modified: Date
  /** In its quotes. */
  readonly etag: string
}

/** What lies in a folder, as a bucket has it: keys of ASCII, in byte order. Tables are folders at its top, and do not change. */
export interface Objects {
  readonly find: (key: string) => Promise<ObjectFacts | undefined>
  /** All keys that begin with `prefix`, sorted. */
  readonly under: (prefix: string) => Promise<readonly string[]>
  readonly pathOf: (key: string) => string
}

export function folderObjects(root: string): Objects {
  const tables = new Map<string, Promise<readonly string[]>>()
  const keysOf = (table: string) => {
    const keys = tables.get(table) ?? walk(root, table)
    tables.set(table, keys)
    return keys
  }
  const pathOf = (key: string) => {
    const path = join(root, key)
    if (!path.startsWith(`${root}${sep}`)) throw new Error(`${key} leads out of the bucket`)
    return path
  }
  return {
    pathOf,
    async find(key) {
      const found = await stat(pathOf(key)).catch(() => undefined)
      if (found === undefined || !found.isFile()) return undefined
      const { size, mtime } = found
      return {
        key,
        size,
        modified: mtime,
        etag: `"${mtime.getTime().toString(16)}-${size.toString(16)}"`,
      }
    },
    async under(prefix) {
      const slash = prefix.indexOf('/')
      if (slash >= 0) {
        const keys = await keysOf(prefix.slice(0, slash))
        return keys.slice(lowerBound(keys, prefix), lowerBound(keys, `${prefix}\u007f`))
      }
      const names = (await readdir(root)).filter(name => name.startsWith(prefix))
      return (await Promise.all(names.map(keysOf))).flat().sort()
    },
  }
}

/** The first index whose key is not below `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

async function walk(root: string, table: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, table), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )
  const keys = entries
    .filter(entry => entry.isFile())
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll(sep, '/'),
    )
  const foreign = keys.find(key => !/^[\x20-\x7e]*$/.test(key))
  if (foreign !== undefined) throw new Error(`expected keys of ASCII, found ${foreign}`)
  return keys.sort()
}
