import { TableError, type TableSource } from '@spillway/core'

const ALIASES: Readonly<Record<string, string>> = {
  s3a: 's3',
  s3n: 's3',
  wasb: 'abfs',
  wasbs: 'abfss',
}

/**
 * Refuses to hand out a file that does not lie under the table's root, one of its auxiliary locations, the target of
 * a rebase, or staging. Whoever can write a table's log could otherwise name any object the provider can sign.
 */
export function rootGuard(source: TableSource, staging: readonly string[]): (path: string) => void {
  const roots = [
    source.location,
    ...(source.auxiliaryLocations ?? []),
    // A relative target lies below the location, which is listed already.
    ...(source.rebase ?? []).map(rule => rule.to).filter(isAbsolute),
    ...staging,
  ].map(rootPrefix)
  return path => {
    const plain = canonical(path)
    const inside =
      roots.some(root => plain.startsWith(root)) && !hasDotSegments(plain) && !plain.includes('\0')
    if (inside) return
    throw new TableError(
      'TABLE_CORRUPT',
      'the table refers to a file outside its location; list it as an auxiliary location to share it',
      { context: { path, location: source.location } },
    )
  }
}

function isAbsolute(location: string): boolean {
  return location.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(location)
}

function rootPrefix(location: string): string {
  return `${canonical(location).replace(/\/+$/, '')}/`
}

/** `file:///x`, `file:/x` and `/x` are one place, and so are the spellings of a scheme. */
function canonical(uri: string): string {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(uri)
  if (match === null) return uri
  const scheme = match[1]!.toLowerCase()
  if (scheme === 'file') return match[2]!.replace(/^\/\/(?:localhost)?(?=\/)/, '')
  return `${ALIASES[scheme] ?? scheme}:${match[2]}`
}

function hasDotSegments(path: string): boolean {
  return /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
}
