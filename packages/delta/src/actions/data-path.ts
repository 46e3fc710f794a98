import type { TableSource } from '@spillway/core'

/**
 * The name in storage behind a path as the log spells it: RFC 2396, decoded exactly once. A text that is no valid
 * encoding was never encoded.
 */
export function decodePath(recorded: string): string {
  if (!recorded.includes('%')) return recorded
  try {
    return decodeURIComponent(recorded)
  } catch {
    return recorded
  }
}

const ABSOLUTE = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\//

/**
 * True for a URI with a scheme and a path, and for a path from the root of the table's own file system. To be asked of
 * the text as recorded: an encoded colon or slash belongs to a name. A colon without a slash after it does, too, where a
 * writer did not encode it.
 */
export function isAbsolutePath(recorded: string): boolean {
  return ABSOLUTE.test(recorded)
}

/** Where a data file or vector lies, `rebase` applied to absolute paths. */
export function resolvePath(source: TableSource, recorded: string): string {
  return pathResolver(source)(recorded)
}

/** The same for the paths of one table. */
export function pathResolver(source: TableSource): (recorded: string) => string {
  const folder = source.location.endsWith('/') ? source.location : `${source.location}/`
  return recorded => {
    const path = decodePath(recorded)
    if (!isAbsolutePath(recorded)) return folder + path
    return rebased(source, qualify(source.location, path))
  }
}

/** `/p` belongs to the file system of the table; `file:/p` and `file:///p` are one file. */
export function qualify(location: string, path: string): string {
  if (!path.startsWith('/')) return path.replace(/^file:\/*/, 'file:///')
  if (location.startsWith('/')) return path
  const root = /^([a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]*)/.exec(location)
  return root === null ? path : root[1]! + path
}

function rebased(source: TableSource, path: string): string {
  const folder = source.location.endsWith('/') ? source.location : `${source.location}/`
  for (const { from, to } of source.rebase ?? []) {
    const prefix = qualify(source.location, from)
    if (!path.startsWith(prefix)) continue
    const target = isAbsolutePath(to) ? to : folder + (to === '.' ? '' : to)
    const rest = path.slice(prefix.length)
    if (rest === '') return target
    return `${target.replace(/\/$/, '')}/${rest.replace(/^\//, '')}`
  }
  return path
}
