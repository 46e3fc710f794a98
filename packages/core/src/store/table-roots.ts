import { TableError } from '../errors/errors.js'
import { outsideRefusal } from './outside-refusal.js'
import type { TableSource } from './table-source.js'

const ALIASES: Readonly<Record<string, string>> = {
  s3a: 's3',
  s3n: 's3',
  gcs: 'gs',
  abfs: 'abfss',
  wasb: 'abfss',
  wasbs: 'abfss',
}

/** Where the files of a table may lie: its location, its auxiliary ones, and the targets of its rebase. */
export interface TableRoots {
  readonly source: TableSource
  /** The folders themselves, in one spelling, each with its last slash. */
  readonly folders: readonly string[]
  /** What the source names besides, and nothing beside it: a metadata file. What that names is believed no further. */
  readonly files: readonly string[]
  /** A text that is the same for the same roots. */
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

export interface TableRootsOptions {
  /** The folder that the table's files lie below, where its location is a pattern (`FormatFacts.folder`). */
  readonly folder?: string | undefined
  /** Folders that are nobody's, even inside a table: staging, where the rewritten files of all tables lie. */
  readonly apart?: readonly string[]
}

/**
 * Files anywhere else are neither read nor handed out: whoever can write a table's log could otherwise name any object
 * that the provider can reach.
 */
export function tableRoots(
  source: TableSource,
  { folder = source.location, apart = [] }: TableRootsOptions = {},
): TableRoots {
  const roots = [
    folder,
    ...(source.auxiliaryLocations ?? []),
    // A relative target lies below the location, which is listed already.
    ...(source.rebase ?? []).map(rule => rule.to).filter(isAbsolute),
  ].map(rootPrefix)
  const { metadataFile } = source
  const isNamed = metadataFile !== undefined && isAbsolute(metadataFile)
  const files = isNamed && !climbs(metadataFile) ? [canonical(metadataFile)] : []
  // A folder apart that a root lies in takes nothing from it: the provider named that root.
  const holes = apart.map(rootPrefix).filter(hole => roots.some(root => isBelow(root, hole)))
  const owns = (root: string, plain: string) =>
    plain.startsWith(root) && !holes.some(hole => isBelow(root, hole) && plain.startsWith(hole))
  // Their targets are roots, and relative ones lie below the location.
  const rebased = (source.rebase ?? [])
    .filter(({ from, to }) => from !== '' && !climbs(to))
    .map(({ from }) => from)
  // As most paths begin: asked for every file that is sent. Folders apart ask for a closer look.
  const location = `${folder.replace(/\/+$/, '')}/`
  const beginning = holes.length > 0 || climbs(location) ? undefined : location
  const ownerOf = (plain: string) =>
    climbs(plain) ? undefined : roots.find(each => owns(each, plain))
  const rootOf = (path: string) => {
    const plain = canonical(path)
    const root = ownerOf(plain)
    return root && beginningOf(path, plain, root)
  }
  return {
    source,
    folders: roots,
    files,
    key: JSON.stringify([roots, rebased, holes]),
    rootOf,
    recordedRootOf(recorded) {
      // What begins as a root may still lie in a folder apart.
      if (holes.length > 0 || mayClimb(recorded)) return undefined
      const from = rebased.find(each => recorded.startsWith(each))
      return from ?? (isAbsolute(recorded) ? rootOf(recorded) : '')
    },
    check(path) {
      if (beginning !== undefined && isPlainlyBelow(beginning, path)) return
      const plain = canonical(path)
      if (ownerOf(plain) !== undefined || files.includes(plain)) return
      refuseClimbing(path)
      throw outsideRefusal(source, { files: 1, first: path, folders: [folderOf(path)] })
    },
  }
}

/** True only where nothing about `path` needs a closer look: no doubled slash, and no name that begins with a dot. */
function isPlainlyBelow(beginning: string, path: string): boolean {
  if (!path.startsWith(beginning)) return false
  LOOK_CLOSER.lastIndex = beginning.length - 1
  return !LOOK_CLOSER.test(path)
}

const LOOK_CLOSER = /\/[./%]|\0/g

function isBelow(folder: string, path: string): boolean {
  return path.length > folder.length && path.startsWith(folder)
}

/** What of `path` spells `root`, its last slash included: spellings differ in how they begin, and in doubled slashes. */
function beginningOf(path: string, plain: string, root: string): string {
  if (plain === path) return root
  const at = path.length - plain.length + root.length
  if (canonical(path.slice(0, at)) === root) return path.slice(0, at)
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    if (canonical(path.slice(0, slash + 1)) === root) return path.slice(0, slash + 1)
  }
  return path
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

function isAbsolute(location: string): boolean {
  return location.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(location)
}

function rootPrefix(location: string): string {
  return `${canonical(location).replace(/\/+$/, '')}/`
}

/**
 * `file:///x`, `file:/x`, `//x` and `/x` are one place, and so are the spellings of a scheme. In a bucket two slashes are
 * a name of their own.
 */
function canonical(uri: string): string {
  if (uri.startsWith('/')) return singleSlashes(uri)
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(uri)
  if (match === null) return uri
  const scheme = match[1]!.toLowerCase()
  if (scheme !== 'file') return `${ALIASES[scheme] ?? scheme}:${match[2]}`
  const rest = match[2]!
  const path = rest.replace(/^\/\/(?:localhost)?(?=\/)/, '')
  // What follows two slashes is another machine's name, and without any it is no path.
  return path !== rest || /^\/(?!\/)/.test(rest) ? singleSlashes(path) : uri
}

function singleSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
}

/** Names that begin with a dot, and those that may once they are decoded. */
function mayClimb(recorded: string): boolean {
  return recorded.includes('\0') || /(?:^|\/)\.|%(?:2[ef]|00)/i.test(recorded)
}

function climbs(path: string): boolean {
  return path.includes('\0') || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
}
