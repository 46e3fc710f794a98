import type { DataFile, TableSource } from '@spillway/core'

interface Target {
  readonly index: number
  readonly file: DataFile
}

/**
 * Which data file each path of a position delete file means. Paths are compared byte for byte first. A table that was
 * moved keeps the old ones (iceberg.md 2.5): then by key, whatever the scheme and bucket, and last by the part below
 * the table's root. Paths that mean none of `targets` are of files that are gone.
 */
export function matchDeletePaths(
  paths: readonly string[],
  targets: readonly Target[],
  source: TableSource,
): ReadonlyMap<string, number> {
  const exact = new Map<string, number>()
  const byKey = new Map<string, number>()
  const byTail = new Map<string, number | undefined>()
  for (const { index, file } of targets) {
    for (const spelling of [file.recordedPath, file.path]) {
      exact.set(spelling, index)
      byKey.set(keyOf(spelling), index)
    }
    const tail = tailOf(file, source)
    if (tail !== undefined) byTail.set(tail, byTail.has(tail) ? undefined : index)
  }
  const matches = new Map<string, number>()
  for (const path of paths) {
    const index = exact.get(path) ?? byKey.get(keyOf(path)) ?? tailMatch(path, byTail)
    if (index !== undefined) matches.set(path, index)
  }
  return matches
}

/** Without scheme, bucket and doubled slashes. */
function keyOf(path: string): string {
  const match = /^[a-zA-Z][a-zA-Z0-9+.-]*:(?:\/\/[^/]*)?(\/.*)$/s.exec(path)
  return (match?.[1] ?? path).replace(/\/{2,}/g, '/')
}

/** The path below the table's root: what moving a table leaves alone. */
function tailOf(file: DataFile, { location }: TableSource): string | undefined {
  const root = keyOf(location).replace(/\/+$/, '')
  const key = keyOf(file.path)
  return key.startsWith(`${root}/`) ? key.slice(root.length) : undefined
}

function tailMatch(
  path: string,
  byTail: ReadonlyMap<string, number | undefined>,
): number | undefined {
  const key = keyOf(path)
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
    const index = byTail.get(key.slice(slash))
    // A bare file name says too little: the tail has to hold a folder.
    if (index !== undefined && key.indexOf('/', slash + 1) >= 0) return index
  }
  return undefined
}
