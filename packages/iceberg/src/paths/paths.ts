import { type TableSource, tableRoots } from '@spillway/core'

/** From a path as the table's metadata spells it to the absolute URI it is read at. */
export type PathResolver = (recorded: string) => string

const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:\//

/**
 * Resolves recorded paths: by the source's own rebase rules first; then absolute ones as they are, and relative ones
 * below the table (a path that repeats the recorded relative location of the table means the table's own folder).
 */
export function pathResolver(source: TableSource, recordedLocation?: string): PathResolver {
  const root = withoutSlash(source.location)
  const own =
    recordedLocation === undefined || isAbsolute(recordedLocation)
      ? undefined
      : `${withoutSlash(recordedLocation)}/`
  return recorded => {
    for (const { from, to } of source.rebase ?? []) {
      if (recorded.startsWith(from))
        return absolute(root, joinText(to, recorded.slice(from.length)))
    }
    if (own !== undefined && recorded.startsWith(own))
      return `${root}/${recorded.slice(own.length)}`
    return absolute(root, recorded)
  }
}

/**
 * The same, refusing what lies outside the table before anything is looked up by it: a manifest that is held in memory for
 * one table is not another's.
 */
export function metadataResolver(source: TableSource, resolve: PathResolver): PathResolver {
  const roots = tableRoots(source)
  return recorded => {
    const path = resolve(recorded)
    roots.check(path)
    return path
  }
}

export function withoutSlash(location: string): string {
  return location.replace(/\/+$/, '')
}

function isAbsolute(path: string): boolean {
  return ABSOLUTE.test(path) || path.startsWith('/')
}

function absolute(root: string, path: string): string {
  if (path.startsWith('/')) return `file://${path}`
  if (ABSOLUTE.test(path)) return path.replace(/^file:\/(?!\/)/, 'file:///')
  return path === '' ? root : `${root}/${path}`
}

function joinText(to: string, rest: string): string {
  return to === '' || to.endsWith('/') || rest === '' || rest.startsWith('/')
    ? `${to}${to === '' ? rest.replace(/^\/+/, '') : rest}`
    : `${to}/${rest}`
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The last name of a path in bytes. */
export function baseNameBytes(path: Uint8Array): Uint8Array {
  return path.subarray(path.lastIndexOf(0x2f) + 1)
}
