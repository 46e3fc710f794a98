import type { TableSource } from '@spillway/core'

const SCHEME = /^[a-zA-Z][a-zA-Z0-9+.-]*:/

/**
 * Where a file lies that the table's metadata names by an absolute path: `rebase` applied, else as it is spelled. Hudi
 * writes such paths without any encoding.
 */
export function sourcePath(source: TableSource, recorded: string): string {
  const path = qualify(source.location, recorded)
  const folder = `${source.location.replace(/\/+$/, '')}/`
  for (const { from, to } of source.rebase ?? []) {
    // A bare path stands for the local file system of whoever wrote the table, too.
    const spelled = from.startsWith('/') ? [from, `file://${from}`] : [from]
    const prefix = spelled
      .map(each => qualify(source.location, each).replace(/\/+$/, ''))
      .find(each => path === each || path.startsWith(`${each}/`))
    if (prefix === undefined) continue
    const target = to.startsWith('/') || SCHEME.test(to) ? to : folder + to
    return `${target.replace(/\/+$/, '')}${path.slice(prefix.length)}`
  }
  return path
}

/** `/p` belongs to the file system of the table; `file:/p` and `file:///p` are one file. */
function qualify(location: string, path: string): string {
  if (!path.startsWith('/')) return path.replace(/^file:\/*/, 'file:///')
  if (location.startsWith('/')) return path
  const root = /^([a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]*)/.exec(location)
  return root === null ? path : root[1]! + path
}
