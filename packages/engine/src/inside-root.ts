import { isTableError, TableError, type TableFormat, type TableSource } from '@spillway/core'
import { outsideRefusal } from './outside-refusal.js'

const ALIASES: Readonly<Record<string, string>> = {
  s3a: 's3',
  s3n: 's3',
  wasb: 'abfs',
  wasbs: 'abfss',
}

/** Where the files of a table may lie: its location, its auxiliary ones, the targets of its rebase, and staging. */
export interface TableRoots {
  readonly source: TableSource
  /** The same for the same roots. */
  readonly key: string
  /** The root that `path` lies below, as `path` spells it, its last slash included; undefined outside all of them. */
  rootOf(path: string): string | undefined
  /**
   * Of a path as the table's metadata spells it, what proves where it lies: a root, a rebased prefix, or, of a relative
   * path, nothing at all. Undefined where only resolving it tells.
   */
  recordedRootOf(recorded: string): string | undefined
  /** Throws where `path` lies outside. */
  check(path: string): void
}

/**
 * Files anywhere else are not handed out: whoever can write a table's log could otherwise name any object the provider
 * can sign.
 */
export function tableRoots(
  source: TableSource,
  staging: readonly string[],
  format = source.format,
): TableRoots {
  const roots = [
    placeOf(source.location, format),
    ...(source.auxiliaryLocations ?? []),
    // A relative target lies below the location, which is listed already.
    ...(source.rebase ?? []).map(rule => rule.to).filter(isAbsolute),
    ...staging,
  ].map(rootPrefix)
  // Their targets are roots, and relative ones lie below the location.
  const rebased = (source.rebase ?? [])
    .filter(({ from, to }) => from !== '' && !climbs(to))
    .map(({ from }) => from)
  const rootOf = (path: string) => {
    const plain = canonical(path)
    if (climbs(plain)) return undefined
    const root = roots.find(each => plain.startsWith(each))
    // Spellings differ in how they begin, and in nothing else.
    return root && path.slice(0, path.length - plain.length + root.length)
  }
  return {
    source,
    key: JSON.stringify([roots, rebased]),
    rootOf,
    recordedRootOf(recorded) {
      if (mayClimb(recorded)) return undefined
      const from = rebased.find(each => recorded.startsWith(each))
      return from ?? (isAbsolute(recorded) ? rootOf(recorded) : '')
    },
    check(path) {
      if (rootOf(path) !== undefined) return
      refuseClimbing(path)
      throw outsideRefusal(source, { files: 1, first: path, folders: [folderOf(path)] })
    },
  }
}

/** Storage that is kept to a table's folders cannot reach what lies outside: that is the table's doing. */
export function explainOutside({ source, rootOf }: TableRoots): (error: unknown) => never {
  return error => {
    if (isTableError(error) && error.code === 'STORAGE_UNAVAILABLE' && !error.retryable) {
      const { path } = error.context
      if (typeof path === 'string' && rootOf(path) === undefined) {
        refuseClimbing(path)
        throw outsideRefusal(source, { files: 1, first: path, folders: [folderOf(path)] })
      }
    }
    throw error
  }
}

/** Refuses what no list of locations could let in. */
export function refuseClimbing(path: string): void {
  if (!climbs(canonical(path))) return
  throw new TableError(
    'TABLE_CORRUPT',
    "the table refers to a file outside its location, by a path with '.' or '..' or a NUL in it",
    { context: { path } },
  )
}

export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** A table of plain files may be a pattern: its files lie below the last folder without one. */
function placeOf(location: string, format: TableFormat | undefined): string {
  const glob = format === 'parquet' ? /[*?[{]/.exec(location) : null
  return glob === null ? location : location.slice(0, location.lastIndexOf('/', glob.index))
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

/** Names that begin with a dot, and those that may once they are decoded. */
function mayClimb(recorded: string): boolean {
  return recorded.includes('\0') || /(?:^|\/)\.|%(?:2[ef]|00)/i.test(recorded)
}

function climbs(path: string): boolean {
  return path.includes('\0') || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
}
